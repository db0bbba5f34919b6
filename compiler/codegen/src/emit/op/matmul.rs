//! Product of matrices.

use ember_runtime::params::MatmulParams;
use quote::quote;

use super::Quoted;
use super::binary::quote_axis;
use crate::emit::literals::{int, rounding, scale};

pub(super) fn quote_layer(p: &MatmulParams) -> Quoted {
    let axes = p.axes.iter().map(quote_axis);
    let depth = quote_axis(&p.depth);
    let [left_zero, right_zero, output_zero] = [p.left_zero, p.right_zero, p.output_zero].map(int);
    let (factor, mode) = (scale(p.scale), rounding(p.rounding));
    Quoted {
        kernel: "matmul_s8",
        role: "Matmul",
        params_type: "MatmulParams",
        types: &["BinaryAxis"],
        borrows: false,
        params: quote!(MatmulParams {
            axes: [#(#axes),*],
            depth: #depth,
            left_zero: #left_zero,
            right_zero: #right_zero,
            output_zero: #output_zero,
            scale: #factor,
            rounding: #mode,
        }),
        rounding: Some(p.rounding),
        scale: true,
        constants: Vec::new(),
        packing: None,
    }
}
