//! Depthwise 2-D convolution.

use ember_runtime::params::DepthwiseConv2dParams;
use quote::quote;

use super::{Quoted, weighted};
use crate::emit::literals::{int, ints, rounding, sizes};
use crate::emit::names::LayerNames;

pub(super) fn quote_layer(p: &DepthwiseConv2dParams<'_>, names: &LayerNames) -> Quoted {
    let layout = format!(
        "[{}, {}, {}]: row, column, output channel",
        p.kernel[0], p.kernel[1], p.output[2]
    );
    let [input, output, kernel] = [&p.input[..], &p.output, &p.kernel].map(sizes);
    let [stride, dilation, pad] = [p.stride, p.dilation, p.pad].map(|pair| sizes(&pair));
    let (input_zero, output_zero) = (int(p.input_zero), int(p.output_zero));
    let (clamp, rounding_mode) = (ints(&p.clamp), rounding(p.rounding));
    let [weights, bias, mantissas, exponents] =
        ["WEIGHTS", "BIAS", "MANTISSAS", "EXPONENTS"].map(|suffix| names.constant(suffix));
    Quoted {
        kernel: "depthwise_conv2d_s8",
        role: "DepthwiseConv2d",
        params_type: "DepthwiseConv2dParams",
        types: &[],
        borrows: true,
        params: quote!(DepthwiseConv2dParams {
            input: #input,
            output: #output,
            kernel: #kernel,
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
        packing: Some("depthwise_conv2d"),
    }
}
