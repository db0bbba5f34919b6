//! Layers of 16-bit activations. Their constants lie in flash as they are.

use ember_runtime::Rounding;
use ember_runtime::params::{
    AddS16Params, Conv2dS16Params, DenseS16Params, DepthwiseConv2dS16Params, Pool2dS16Params,
    QuantizeParams, Sums, Width,
};
use proc_macro2::TokenStream;
use quote::quote;

use super::{Constant, Place, Quoted, Values};
use crate::emit::literals::{int, ints, rounding, scale, size, sizes};
use crate::emit::names::LayerNames;

pub(super) fn conv2d(p: &Conv2dS16Params<'_>, names: &LayerNames) -> Quoted {
    let layout = format!(
        "[{}, {}, {}, {}]: output channel, row, column, input channel",
        p.output[2], p.kernel[0], p.kernel[1], p.input[2]
    );
    let [input, output, kernel] = [&p.input[..], &p.output, &p.kernel].map(sizes);
    let [stride, dilation, pad] = [p.stride, p.dilation, p.pad].map(|pair| sizes(&pair));
    let constants = Weighted {
        layout,
        weights: p.weights,
        bias: p.bias,
        mantissas: p.mantissas,
        exponents: p.exponents,
    };
    let fields = quote! {
        input: #input,
        output: #output,
        kernel: #kernel,
        stride: #stride,
        dilation: #dilation,
        pad: #pad,
    };
    let layer = Layer {
        kernel: "conv2d_s16",
        role: "Conv2dS16",
        params_type: "Conv2dS16Params",
    };
    weighted(&layer, fields, p.clamp, p.sums, &constants, names)
}

pub(super) fn depthwise_conv2d(p: &DepthwiseConv2dS16Params<'_>, names: &LayerNames) -> Quoted {
    let layout = format!(
        "[{}, {}, {}]: row, column, output channel",
        p.kernel[0], p.kernel[1], p.output[2]
    );
    let [input, output, kernel] = [&p.input[..], &p.output, &p.kernel].map(sizes);
    let [stride, dilation, pad] = [p.stride, p.dilation, p.pad].map(|pair| sizes(&pair));
    let constants = Weighted {
        layout,
        weights: p.weights,
        bias: p.bias,
        mantissas: p.mantissas,
        exponents: p.exponents,
    };
    let fields = quote! {
        input: #input,
        output: #output,
        kernel: #kernel,
        stride: #stride,
        dilation: #dilation,
        pad: #pad,
    };
    let layer = Layer {
        kernel: "depthwise_conv2d_s16",
        role: "DepthwiseConv2dS16",
        params_type: "DepthwiseConv2dS16Params",
    };
    weighted(&layer, fields, p.clamp, p.sums, &constants, names)
}

pub(super) fn dense(p: &DenseS16Params<'_>, names: &LayerNames) -> Quoted {
    let (inputs, outputs) = (size(p.inputs), size(p.outputs));
    let constants = Weighted {
        layout: format!("[{}, {}]: output, input", p.outputs, p.inputs),
        weights: p.weights,
        bias: p.bias,
        mantissas: p.mantissas,
        exponents: p.exponents,
    };
    let fields = quote!(inputs: #inputs, outputs: #outputs,);
    let layer = Layer {
        kernel: "dense_s16",
        role: "DenseS16",
        params_type: "DenseS16Params",
    };
    weighted(&layer, fields, p.clamp, p.sums, &constants, names)
}

pub(super) fn add(p: &AddS16Params) -> Quoted {
    let len = size(p.len);
    let [left, right, output] = [p.left, p.right, p.output].map(scale);
    let (clamp, rounding_mode) = (ints(&p.clamp), rounding(p.rounding));
    let params = quote!(AddS16Params {
        len: #len,
        left: #left,
        right: #right,
        output: #output,
        clamp: #clamp,
        rounding: #rounding_mode,
    });
    Quoted {
        rounding: Some(p.rounding),
        scale: true,
        ..plain("add_s16", "AddS16", "AddS16Params", params)
    }
}

pub(super) fn pool2d(kernel_name: &'static str, p: &Pool2dS16Params) -> Quoted {
    let [input, output, kernel] = [&p.input[..], &p.output, &p.kernel].map(sizes);
    let [stride, dilation, pad] = [p.stride, p.dilation, p.pad].map(|pair| sizes(&pair));
    let clamp = ints(&p.clamp);
    let params = quote!(Pool2dS16Params {
        input: #input,
        output: #output,
        kernel: #kernel,
        stride: #stride,
        dilation: #dilation,
        pad: #pad,
        clamp: #clamp,
    });
    plain(kernel_name, "Pool2dS16", "Pool2dS16Params", params)
}

pub(super) fn quantize(p: &QuantizeParams) -> Quoted {
    let len = size(p.len);
    let [from, to] = [p.from, p.to].map(|width| match width {
        Width::Byte => quote!(Width::Byte),
        Width::Half => quote!(Width::Half),
    });
    let [input_zero, output_zero] = [p.input_zero, p.output_zero].map(int);
    let (factor, rounding_mode) = (scale(p.scale), rounding(p.rounding));
    let params = quote!(QuantizeParams {
        len: #len,
        from: #from,
        to: #to,
        input_zero: #input_zero,
        output_zero: #output_zero,
        scale: #factor,
        rounding: #rounding_mode,
    });
    Quoted {
        types: &["Width"],
        rounding: Some(p.rounding),
        scale: true,
        ..plain("quantize_s16", "Quantize", "QuantizeParams", params)
    }
}

/// A layer without constants.
fn plain(
    kernel: &'static str,
    role: &'static str,
    params_type: &'static str,
    params: TokenStream,
) -> Quoted {
    Quoted {
        kernel,
        role,
        params_type,
        types: &[],
        borrows: false,
        params,
        rounding: None,
        scale: false,
        constants: Vec::new(),
        packing: None,
    }
}

/// What the runtime calls a layer.
struct Layer {
    kernel: &'static str,
    role: &'static str,
    params_type: &'static str,
}

/// The constants of a layer with weights.
struct Weighted<'a> {
    layout: String,
    weights: &'a [i8],
    bias: &'a [i64],
    mantissas: &'a [i32],
    exponents: &'a [i8],
}

fn weighted(
    layer: &Layer,
    fields: TokenStream,
    clamp: [i16; 2],
    sums: Sums,
    constants: &Weighted<'_>,
    names: &LayerNames,
) -> Quoted {
    let (sums, rounding_mode): (_, Option<Rounding>) = match sums {
        Sums::Wide => (quote!(Sums::Wide), None),
        Sums::Word(mode) => {
            let quoted = rounding(mode);
            (quote!(Sums::Word(#quoted)), Some(mode))
        }
    };
    let clamp = ints(&clamp);
    let [weights, bias, mantissas, exponents] =
        ["WEIGHTS", "BIAS", "MANTISSAS", "EXPONENTS"].map(|suffix| names.constant(suffix));
    let params_type = crate::emit::names::ident(layer.params_type);
    Quoted {
        types: &["Sums"],
        borrows: true,
        rounding: rounding_mode,
        constants: flash(names, constants),
        ..plain(
            layer.kernel,
            layer.role,
            layer.params_type,
            quote!(#params_type {
                #fields
                clamp: #clamp,
                sums: #sums,
                weights: &params::#weights,
                bias: &params::#bias,
                mantissas: &params::#mantissas,
                exponents: &params::#exponents,
            }),
        )
    }
}

fn flash(names: &LayerNames, of: &Weighted<'_>) -> Vec<Constant> {
    let constant = |suffix: &str, what: &str, values| Constant {
        name: names.constant(suffix),
        stem: format!("{}_{}", names.stem, suffix.to_lowercase()),
        what: what.to_owned(),
        values,
        place: Place::Flash,
    };
    vec![
        constant(
            "WEIGHTS",
            &format!("Weights, {}.", of.layout),
            Values::Bytes(of.weights.to_vec()),
        ),
        constant("BIAS", "Biases.", Values::Longs(of.bias.to_vec())),
        constant(
            "MANTISSAS",
            "Mantissas of the factors from accumulator to output, Q0.31.",
            Values::Words(of.mantissas.to_vec()),
        ),
        constant(
            "EXPONENTS",
            "Powers of two of the factors; positive is a left shift.",
            Values::Bytes(of.exponents.to_vec()),
        ),
    ]
}
