//! Rows divided by their length.

use ember_runtime::params::L2NormParams;
use quote::quote;

use super::Quoted;
use crate::emit::literals::{int, size};

pub(super) fn quote_layer(p: &L2NormParams) -> Quoted {
    let ([rows, len], zero) = ([p.rows, p.len].map(size), int(p.input_zero));
    Quoted {
        kernel: "l2_norm_s8",
        role: "L2Norm",
        params_type: "L2NormParams",
        types: &[],
        borrows: false,
        params: quote!(L2NormParams { rows: #rows, len: #len, input_zero: #zero }),
        rounding: None,
        scale: false,
        constants: Vec::new(),
        packing: None,
    }
}
