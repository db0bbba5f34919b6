//! Bilinear resizing.

use ember_runtime::params::ResizeBilinearParams;
use quote::quote;

use super::Quoted;
use crate::emit::literals::{ints, sizes};

pub(super) fn quote_layer(p: &ResizeBilinearParams) -> Quoted {
    let [input, size] = [&p.input[..], &p.size].map(sizes);
    let [start, step] = [p.start, p.step].map(|pair| ints(&pair));
    Quoted {
        kernel: "resize_bilinear_s8",
        role: "ResizeBilinear",
        params_type: "ResizeBilinearParams",
        types: &[],
        borrows: false,
        params: quote!(ResizeBilinearParams {
            input: #input,
            size: #size,
            start: #start,
            step: #step,
        }),
        rounding: None,
        scale: false,
        constants: Vec::new(),
        packing: None,
    }
}
