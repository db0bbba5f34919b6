//! Element-wise function of two tensors.

use ember_runtime::params::{BinaryAxis, BinaryFunction, BinaryParams};
use proc_macro2::TokenStream;
use quote::quote;

use super::Quoted;
use crate::emit::literals::{int, ints, rounding, scale, size};

pub(super) fn quote_layer(p: &BinaryParams) -> Quoted {
    let function = match p.function {
        BinaryFunction::Add => quote!(Add),
        BinaryFunction::Sub => quote!(Sub),
        BinaryFunction::Mul => quote!(Mul),
        BinaryFunction::Maximum => quote!(Maximum),
        BinaryFunction::Minimum => quote!(Minimum),
        BinaryFunction::Prelu => quote!(Prelu),
    };
    let axes = p.axes.iter().map(quote_axis);
    let [left_zero, right_zero, output_zero] = [p.left_zero, p.right_zero, p.output_zero].map(int);
    let [left, right, output] = [p.left, p.right, p.output].map(scale);
    let (clamp, rounding_mode) = (ints(&p.clamp), rounding(p.rounding));
    Quoted {
        kernel: "binary_s8",
        role: "Elementwise",
        params_type: "BinaryParams",
        types: &["BinaryAxis", "BinaryFunction"],
        borrows: false,
        params: quote!(BinaryParams {
            function: BinaryFunction::#function,
            axes: [#(#axes),*],
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

/// An axis of two tensors.
pub(super) fn quote_axis(axis: &BinaryAxis) -> TokenStream {
    let [count, left, right] = [axis.count, axis.left, axis.right].map(size);
    quote!(BinaryAxis { count: #count, left: #left, right: #right })
}
