//! Transposed 2-D convolution.

use ember_runtime::params::TransposeConv2dParams;
use quote::quote;

use super::{Constant, Place, Quoted, Values, weighted};
use crate::emit::literals::{int, ints, rounding, sizes};
use crate::emit::names::LayerNames;

pub(super) fn quote_layer(p: &TransposeConv2dParams<'_>, names: &LayerNames) -> Quoted {
    let layout = "phase by phase: output channel, row, column, input channel";
    let [input, output] = [&p.input[..], &p.output].map(sizes);
    let stride = sizes(&p.stride);
    let (input_zero, output_zero) = (int(p.input_zero), int(p.output_zero));
    let (clamp, rounding_mode) = (ints(&p.clamp), rounding(p.rounding));
    let [phases, weights, bias, mantissas, exponents] =
        ["PHASES", "WEIGHTS", "BIAS", "MANTISSAS", "EXPONENTS"]
            .map(|suffix| names.constant(suffix));
    let mut constants = weighted(
        names,
        layout,
        [p.weights, p.exponents],
        [p.bias, p.mantissas],
    );
    constants.push(Constant {
        name: phases.clone(),
        stem: format!("{}_phases", names.stem),
        what: "Phases of rows, then of columns: first output, outputs, taps, first input."
            .to_owned(),
        values: Values::Words(p.phases.to_vec()),
        place: Place::Flash,
    });
    Quoted {
        kernel: "transpose_conv2d_s8",
        role: "TransposeConv2d",
        params_type: "TransposeConv2dParams",
        types: &[],
        borrows: true,
        params: quote!(TransposeConv2dParams {
            input: #input,
            output: #output,
            stride: #stride,
            phases: &params::#phases,
            input_zero: #input_zero,
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
        constants,
        packing: Some("transpose_conv2d"),
    }
}
