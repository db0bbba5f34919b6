//! Fully connected layer.

use ember_ir::WeightType;
use quote::quote;

use super::{Quoted, weighted};
use crate::emit::literals::{int, ints, rounding, size};
use crate::emit::names::LayerNames;
use crate::lower::Dense;

pub(super) fn quote_layer(layer: &Dense, names: &LayerNames) -> Quoted {
    let p = layer.params();
    let [kernel, role, packing] = match layer.weight_type {
        WeightType::Int8 => ["dense_s8", "Dense", "dense"],
        WeightType::Int4 => ["dense_s4", "DenseS4", "dense_s4"],
    };
    let layout = format!("[{}, {}]: output, input", p.outputs, p.inputs);
    let (inputs, outputs) = (size(p.inputs), size(p.outputs));
    let output_zero = int(p.output_zero);
    let (clamp, rounding_mode) = (ints(&p.clamp), rounding(p.rounding));
    let [weights, bias, mantissas, exponents] =
        ["WEIGHTS", "BIAS", "MANTISSAS", "EXPONENTS"].map(|suffix| names.constant(suffix));
    Quoted {
        kernel,
        role,
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
        packing: Some(packing),
    }
}
