//! Index of the largest element.

use ember_runtime::params::ArgMaxParams;
use quote::quote;

use super::Quoted;
use crate::emit::literals::size;

pub(super) fn quote_layer(p: &ArgMaxParams) -> Quoted {
    let [outer, len, inner] = [p.outer, p.len, p.inner].map(size);
    Quoted {
        kernel: "arg_max_s8",
        role: "ArgMax",
        params_type: "ArgMaxParams",
        types: &[],
        borrows: false,
        params: quote!(ArgMaxParams { outer: #outer, len: #len, inner: #inner }),
        rounding: None,
        scale: false,
        constants: Vec::new(),
        packing: None,
    }
}
