//! 2-D convolution.

use ember_ir::WeightType;
use quote::quote;

use super::{Quoted, weighted};
use crate::emit::literals::{int, ints, rounding, sizes};
use crate::emit::names::LayerNames;
use crate::lower::Conv2d;

pub(super) fn quote_layer(layer: &Conv2d, names: &LayerNames) -> Quoted {
    let p = layer.params();
    let [kernel, role, packing] = match layer.weight_type {
        WeightType::Int8 => ["conv2d_s8", "Conv2d", "conv2d"],
        WeightType::Int4 => ["conv2d_s4", "Conv2d", "conv2d_s4"],
    };
    let layout = format!(
        "[{}, {}, {}, {}]: output channel, row, column, input channel",
        p.output[2], p.kernel[0], p.kernel[1], p.input[2]
    );
    let [input, output, taps] = [&p.input[..], &p.output, &p.kernel].map(sizes);
    let [stride, dilation, pad] = [p.stride, p.dilation, p.pad].map(|pair| sizes(&pair));
    let (input_zero, output_zero) = (int(p.input_zero), int(p.output_zero));
    let (clamp, rounding_mode) = (ints(&p.clamp), rounding(p.rounding));
    let [weights, bias, mantissas, exponents] =
        ["WEIGHTS", "BIAS", "MANTISSAS", "EXPONENTS"].map(|suffix| names.constant(suffix));
    Quoted {
        kernel,
        role,
        params_type: "Conv2dParams",
        types: &[],
        borrows: true,
        params: quote!(Conv2dParams {
            input: #input,
            output: #output,
            kernel: #taps,
            stride: #stride,
            dilation: #dilation,
            pad: #pad,
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
        constants: weighted(
            names,
            &layout,
            [p.weights, p.exponents],
            [p.bias, p.mantissas],
        ),
        packing: Some(packing),
    }
}
