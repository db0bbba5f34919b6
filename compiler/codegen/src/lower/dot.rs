//! Dot products: what a small layer is.

use ember_runtime::Rounding;
use ember_runtime::params::{DotParams, Steps};

use super::{Dense, DepthwiseConv2d};

/// The owned twin of [`DotParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct Dot {
    /// Elements that an output is computed from.
    pub taps: usize,
    /// Elements written.
    pub outputs: usize,
    /// Elements read.
    pub inputs: usize,
    /// Where in the input.
    pub x: Steps,
    /// Where in the weights.
    pub w: Steps,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// How outputs are rounded.
    pub rounding: Rounding,
    /// The weights of the layer as it was.
    pub weights: Vec<i8>,
    /// One folded bias per output.
    pub bias: Vec<i32>,
    /// One mantissa per output, or a single one for all.
    pub mantissas: Vec<i32>,
    /// As many exponents as mantissas.
    pub exponents: Vec<i8>,
}

impl Dot {
    /// What the kernel takes.
    pub fn params(&self) -> DotParams<'_> {
        DotParams {
            taps: self.taps,
            outputs: self.outputs,
            inputs: self.inputs,
            x: self.x,
            w: self.w,
            output_zero: self.output_zero,
            clamp: self.clamp,
            rounding: self.rounding,
            weights: &self.weights,
            bias: &self.bias,
            mantissas: &self.mantissas,
            exponents: &self.exponents,
        }
    }
}

/// Every output reads all inputs.
impl From<Dense> for Dot {
    fn from(layer: Dense) -> Self {
        Self {
            taps: layer.inputs,
            outputs: layer.outputs,
            inputs: layer.inputs,
            x: Steps { output: 0, tap: 1 },
            w: Steps {
                output: layer.inputs,
                tap: 1,
            },
            output_zero: layer.output_zero,
            clamp: layer.clamp,
            rounding: layer.rounding,
            weights: layer.weights,
            bias: layer.bias,
            mantissas: layer.mantissas,
            exponents: layer.exponents,
        }
    }
}

/// Of a layer whose window is its whole input: an output reads its own channel of every pixel.
impl From<DepthwiseConv2d> for Dot {
    fn from(layer: DepthwiseConv2d) -> Self {
        let [height, width, channels] = layer.input;
        let steps = Steps {
            output: 1,
            tap: channels,
        };
        Self {
            taps: height * width,
            outputs: channels,
            inputs: height * width * channels,
            x: steps,
            w: steps,
            output_zero: layer.output_zero,
            clamp: layer.clamp,
            rounding: layer.rounding,
            weights: layer.weights,
            bias: layer.bias,
            mantissas: layer.mantissas,
            exponents: layer.exponents,
        }
    }
}
