//! Mean over height and width.

use ember_runtime::params::MeanParams;
use quote::quote;

use super::Quoted;
use crate::emit::literals::{int, ints, rounding, scale, sizes};

pub(super) fn quote_layer(p: &MeanParams) -> Quoted {
    let input = sizes(&p.input);
    let (input_zero, output_zero) = (int(p.input_zero), int(p.output_zero));
    let factor = scale(p.scale);
    let (clamp, rounding_mode) = (ints(&p.clamp), rounding(p.rounding));
    Quoted {
        kernel: "mean_s8",
        role: "Mean",
        params_type: "MeanParams",
        types: &[],
        borrows: false,
        params: quote!(MeanParams {
            input: #input,
            input_zero: #input_zero,
            output_zero: #output_zero,
            scale: #factor,
            clamp: #clamp,
            rounding: #rounding_mode,
        }),
        rounding: Some(p.rounding),
        scale: true,
        constants: Vec::new(),
        packing: None,
    }
}
