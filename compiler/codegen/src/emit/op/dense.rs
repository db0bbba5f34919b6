//! Fully connected layer.

use ember_runtime::params::DenseParams;
use quote::quote;

use super::{Quoted, weighted};
use crate::emit::literals::{int, ints, rounding, size};
use crate::emit::names::LayerNames;

pub(super) fn quote_layer(p: &DenseParams<'_>, names: &LayerNames) -> Quoted {
    let layout = format!("[{}, {}]: output, input", p.outputs, p.inputs);
    let (inputs, outputs) = (size(p.inputs), size(p.outputs));
    let output_zero = int(p.output_zero);
    let (clamp, rounding_mode) = (ints(&p.clamp), rounding(p.rounding));
    let [weights, bias, mantissas, exponents] =
        ["WEIGHTS", "BIAS", "MANTISSAS", "EXPONENTS"].map(|suffix| names.constant(suffix));
    Quoted {
        kernel: "dense_s8",
        role: "Dense",
        params_type: "DenseParams",
        types: &[],
        borrows: true,
        params: quote!(DenseParams {
            inputs: #inputs,
            outputs: #outputs,
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
        packing: Some("dense"),
    }
}
