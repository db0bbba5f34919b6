//! Dot products.

use ember_runtime::params::{DotParams, Steps};
use proc_macro2::TokenStream;
use quote::quote;

use super::{Quoted, weighted};
use crate::emit::literals::{int, ints, rounding, size};
use crate::emit::names::LayerNames;

pub(super) fn quote_layer(p: &DotParams<'_>, names: &LayerNames) -> Quoted {
    let layout = match p.w.tap {
        1 => format!("[{}, {}]: output, tap", p.outputs, p.taps),
        _ => format!("[{}, {}]: tap, output", p.taps, p.outputs),
    };
    let [taps, outputs, inputs] = [p.taps, p.outputs, p.inputs].map(size);
    let [x, w] = [p.x, p.w].map(steps);
    let output_zero = int(p.output_zero);
    let (clamp, rounding_mode) = (ints(&p.clamp), rounding(p.rounding));
    let [weights, bias, mantissas, exponents] =
        ["WEIGHTS", "BIAS", "MANTISSAS", "EXPONENTS"].map(|suffix| names.constant(suffix));
    Quoted {
        kernel: "dot_s8",
        role: "Dot",
        params_type: "DotParams",
        types: &["Steps"],
        borrows: true,
        params: quote!(DotParams {
            taps: #taps,
            outputs: #outputs,
            inputs: #inputs,
            x: #x,
            w: #w,
            output_zero: #output_zero,
            clamp: #clamp,
            rounding: #rounding_mode,
            weights: &params::#weights,
            bias: &params::#bias,
            mantissas: &params::#mantissas,
            exponents: &params::#exponents,
        }),
        rounding: Some(p.rounding),
        scale: false,
        constants: weighted(
            names,
            &layout,
            [p.weights, p.exponents],
            [p.bias, p.mantissas],
        ),
        packing: Some("dot"),
    }
}

fn steps(steps: Steps) -> TokenStream {
    let [output, tap] = [steps.output, steps.tap].map(size);
    quote!(Steps { output: #output, tap: #tap })
}
