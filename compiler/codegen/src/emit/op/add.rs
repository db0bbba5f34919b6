//! Element-wise addition.

use ember_runtime::params::AddParams;
use quote::quote;

use super::Quoted;
use crate::emit::literals::{int, ints, rounding, scale, size};

pub(super) fn quote_layer(p: &AddParams) -> Quoted {
    let len = size(p.len);
    let [left_zero, right_zero, output_zero] = [p.left_zero, p.right_zero, p.output_zero].map(int);
    let [left, right, output] = [p.left, p.right, p.output].map(scale);
    let (clamp, rounding_mode) = (ints(&p.clamp), rounding(p.rounding));
    Quoted {
        kernel: "add_s8",
        role: "Add",
        params_type: "AddParams",
        types: &[],
        borrows: false,
        params: quote!(AddParams {
            len: #len,
            left_zero: #left_zero,
            right_zero: #right_zero,
            output_zero: #output_zero,
            left: #left,
            right: #right,
            output: #output,
            clamp: #clamp,
            rounding: #rounding_mode,
        }),
        rounding: Some(p.rounding),
        scale: true,
        constants: Vec::new(),
        packing: None,
    }
}
