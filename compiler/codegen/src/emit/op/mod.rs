//! One file per operator: the kernel that runs it, the constants it needs and the expression of its
//! parameters. Names match `ember_runtime`'s kernels, traits and parameter structs.

mod add;
mod arg_max;
mod binary;
pub(super) mod constant;
mod conv2d;
mod copy;
mod darts_cell;
mod dense;
mod depthwise_conv2d;
mod dot;
mod embedding;
mod int16;
mod l2_norm;
mod log_softmax;
mod lookup;
mod lstm;
mod matmul;
mod mean;
mod pool2d;
mod recurrent;
mod reduce;
mod resize_bilinear;
mod softmax;
mod svdf;
mod transpose_conv2d;

use ember_runtime::Rounding;
use proc_macro2::{Ident, TokenStream};

use super::names::LayerNames;
use crate::lower::Layer;

/// What one node becomes.
pub(super) struct Quoted {
    /// Function of `ember_runtime::kernels`.
    pub kernel: &'static str,
    /// Trait of `ember_runtime::layer` with the parameters.
    pub role: &'static str,
    /// Struct of `ember_runtime::params`.
    pub params_type: &'static str,
    /// Other types of `ember_runtime::params` that the expression names.
    pub types: &'static [&'static str],
    /// The struct borrows the layer's constants.
    pub borrows: bool,
    /// Value of the struct.
    pub params: TokenStream,
    /// The expression names [`Rounding`].
    pub rounding: Option<Rounding>,
    /// The expression names `Scale`.
    pub scale: bool,
    /// Constants.
    pub constants: Vec<Constant>,
    /// Function of `ember_runtime::packing` that makes one stream of them, if one does.
    pub packing: Option<&'static str>,
}

/// One constant of an emitted crate.
pub(super) struct Constant {
    /// `CONV1_WEIGHTS`.
    pub name: Ident,
    /// `conv1_weights`: stem of the file, if it gets one.
    pub stem: String,
    /// What the numbers are, in words.
    pub what: String,
    /// The numbers.
    pub values: Values,
    /// Where they end up.
    pub place: Place,
}

/// What becomes of a constant when the crate is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// It lies in flash as it is.
    Flash,
    /// It becomes a part of its layer's stream.
    Packed,
}

/// The numbers of a constant.
pub(super) enum Values {
    /// One byte each.
    Bytes(Vec<i8>),
    /// Two bytes each.
    Halves(Vec<u16>),
    /// Four bytes each.
    Words(Vec<i32>),
    /// Eight bytes each.
    Longs(Vec<i64>),
}

impl Values {
    /// Size in flash.
    pub fn bytes(&self) -> usize {
        match self {
            Values::Bytes(values) => values.len(),
            Values::Halves(values) => 2 * values.len(),
            Values::Words(values) => 4 * values.len(),
            Values::Longs(values) => 8 * values.len(),
        }
    }
}

/// The code of a layer, or `None` for one that costs nothing on the device.
pub(super) fn quote_layer(layer: &Layer, names: &LayerNames) -> Option<Quoted> {
    Some(match layer {
        Layer::Conv2d(layer) => conv2d::quote_layer(layer, names),
        Layer::DepthwiseConv2d(layer) => depthwise_conv2d::quote_layer(&layer.params(), names),
        Layer::Dense(layer) => dense::quote_layer(layer, names),
        Layer::Dot(layer) => dot::quote_layer(&layer.params(), names),
        Layer::Add(params) => add::quote_layer(params),
        Layer::AveragePool2d(params) => pool2d::quote_layer("average_pool2d_s8", params),
        Layer::MaxPool2d(params) => pool2d::quote_layer("max_pool2d_s8", params),
        Layer::Mean(params) => mean::quote_layer(params),
        Layer::Reshape => return None,
        Layer::Softmax(layer) => softmax::quote_layer(&layer.params(), names),
        Layer::LogSoftmax(layer) => log_softmax::quote_layer(&layer.params(), names),
        Layer::L2Norm(params) => l2_norm::quote_layer(params),
        Layer::Embedding(layer) => embedding::quote_layer(&layer.params(), names),
        Layer::Svdf(layer) => svdf::quote_layer(&layer.params(), names),
        Layer::Lstm(layer) => lstm::quote_layer(&layer.params(), names),
        Layer::Recurrent(layer) => recurrent::quote_layer(&layer.params(), names),
        Layer::DartsCell(layer) => darts_cell::quote_layer(&layer.params(), names),
        Layer::Lookup(layer) => lookup::quote_layer(&layer.params(), names),
        Layer::Binary(params) => binary::quote_layer(params),
        Layer::Copy(layer) => copy::quote_layer(&layer.params(), names),
        Layer::Reduce(params) => reduce::quote_layer(params),
        Layer::TransposeConv2d(layer) => transpose_conv2d::quote_layer(&layer.params(), names),
        Layer::ResizeBilinear(params) => resize_bilinear::quote_layer(params),
        Layer::Matmul(params) => matmul::quote_layer(params),
        Layer::ArgMax(params) => arg_max::quote_layer(params),
        Layer::Constant(layer) if layer.in_flash => return None,
        Layer::Constant(layer) => constant::quote_layer(layer, names),
        Layer::Conv2dS16(layer) => int16::conv2d(&layer.params(), names),
        Layer::DepthwiseConv2dS16(layer) => int16::depthwise_conv2d(&layer.params(), names),
        Layer::DenseS16(layer) => int16::dense(&layer.params(), names),
        Layer::AddS16(params) => int16::add(params),
        Layer::AveragePool2dS16(params) => int16::pool2d("average_pool2d_s16", params),
        Layer::MaxPool2dS16(params) => int16::pool2d("max_pool2d_s16", params),
        Layer::Quantize(params) => int16::quantize(params),
    })
}

/// The four constants of a layer with weights.
fn weighted(
    names: &LayerNames,
    layout: &str,
    [weights, exponents]: [&[i8]; 2],
    [bias, mantissas]: [&[i32]; 2],
) -> Vec<Constant> {
    let constant = |suffix: &str, what: String, values| Constant {
        name: names.constant(suffix),
        stem: format!("{}_{}", names.stem, suffix.to_lowercase()),
        what,
        values,
        place: Place::Packed,
    };
    vec![
        constant(
            "WEIGHTS",
            format!("Weights, {layout}."),
            Values::Bytes(weights.to_vec()),
        ),
        constant(
            "BIAS",
            "Biases, less input zero point times the sum of the weights.".to_owned(),
            Values::Words(bias.to_vec()),
        ),
        constant(
            "MANTISSAS",
            "Mantissas of the factors from accumulator to output, Q0.31.".to_owned(),
            Values::Words(mantissas.to_vec()),
        ),
        constant(
            "EXPONENTS",
            "Powers of two of the factors; positive is a left shift.".to_owned(),
            Values::Bytes(exponents.to_vec()),
        ),
    ]
}
