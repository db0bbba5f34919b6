//! Fully connected layer.

use ember_ir::{QuantParams, WeightType};
use ember_runtime::Rounding;
use ember_runtime::params::DenseParams;

use super::requant::{self, Taps};
use super::{Context, Conv2d, Overflow};
use crate::convolution;

/// The owned twin of [`DenseParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct Dense {
    /// Elements read.
    pub inputs: usize,
    /// Elements written.
    pub outputs: usize,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// How outputs are rounded.
    pub rounding: Rounding,
    /// `[outputs, inputs]`.
    pub weights: Vec<i8>,
    /// What they are in flash.
    pub weight_type: WeightType,
    /// One folded bias per output.
    pub bias: Vec<i32>,
    /// One mantissa per output, or a single one for all.
    pub mantissas: Vec<i32>,
    /// As many exponents as mantissas.
    pub exponents: Vec<i8>,
}

impl Dense {
    /// What the kernel takes.
    pub fn params(&self) -> DenseParams<'_> {
        DenseParams {
            inputs: self.inputs,
            outputs: self.outputs,
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

/// One factor for all outputs, or one for each.
pub(super) fn factors(context: &Context<'_>, params: &QuantParams, outputs: usize) -> Vec<f64> {
    let (input, output) = (context.input(0), context.output());
    match *params.scales {
        // Per tensor, TensorFlow Lite takes this product in f32.
        [scale] => vec![f64::from(input.scale * scale) / f64::from(output.scale)],
        _ => requant::channel_factors(input, output, &params.scales, outputs),
    }
}

pub(super) fn lower(
    context: &Context<'_>,
    op: &ember_ir::Dense,
    params: &QuantParams,
    overflows: &mut Vec<Overflow>,
) -> Dense {
    let output = context.output();
    let factors = factors(context, params, op.out_features);
    let inputs = context.graph.input_shape(context.node).elements();
    let taps = |channel: usize| Taps::of(params.weights[channel * inputs..][..inputs].iter());
    let channels = requant::channels(context, &params.bias, &factors, taps, overflows);
    Dense {
        inputs,
        outputs: op.out_features,
        output_zero: output.zero_point,
        clamp: requant::clamp(op.activation, output),
        rounding: context.rounding(),
        weights: params.weights.clone(),
        weight_type: context.node.weights,
        bias: channels.bias,
        mantissas: channels.mantissas,
        exponents: channels.exponents,
    }
}

/// A fully connected layer over rows: a convolution with one tap over an image of one row.
pub(super) fn lower_over_rows(
    context: &Context<'_>,
    op: &ember_ir::Dense,
    params: &QuantParams,
    overflows: &mut Vec<Overflow>,
) -> Conv2d {
    let (window, (input, output)) = convolution::of_rows(context.graph, context.node, op);
    let mut factors = factors(context, params, op.out_features);
    // The kernel wants one per channel.
    factors.resize(op.out_features, factors[0]);
    let inputs = input[2];
    let taps = |channel: usize| Taps::of(params.weights[channel * inputs..][..inputs].iter());
    let channels = requant::channels(context, &params.bias, &factors, taps, overflows);
    let quant = context.output();
    Conv2d {
        input,
        output,
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation,
        pad: [0, 0],
        input_zero: context.input(0).zero_point,
        output_zero: quant.zero_point,
        clamp: requant::clamp(op.activation, quant),
        rounding: context.rounding(),
        weights: params.weights.clone(),
        weight_type: context.node.weights,
        bias: channels.bias,
        mantissas: channels.mantissas,
        exponents: channels.exponents,
    }
}
