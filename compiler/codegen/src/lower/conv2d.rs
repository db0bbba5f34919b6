//! Dense 2-D convolution.

use ember_ir::{QuantParams, WeightType};
use ember_runtime::Rounding;
use ember_runtime::params::Conv2dParams;

use super::requant::{self, Taps};
use super::{Context, Overflow};

/// The owned twin of [`Conv2dParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct Conv2d {
    /// Input shape, `[height, width, channels]`.
    pub input: [usize; 3],
    /// Output shape.
    pub output: [usize; 3],
    /// Taps, `[height, width]`.
    pub kernel: [usize; 2],
    /// Step.
    pub stride: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
    /// Padding before: top, left.
    pub pad: [usize; 2],
    /// Value of a padded tap.
    pub input_zero: i8,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// How outputs are rounded.
    pub rounding: Rounding,
    /// OHWI.
    pub weights: Vec<i8>,
    /// What they are in flash.
    pub weight_type: WeightType,
    /// One folded bias per output channel.
    pub bias: Vec<i32>,
    /// One mantissa per output channel.
    pub mantissas: Vec<i32>,
    /// One exponent per output channel.
    pub exponents: Vec<i8>,
}

impl Conv2d {
    /// What the kernel takes.
    pub fn params(&self) -> Conv2dParams<'_> {
        Conv2dParams {
            input: self.input,
            output: self.output,
            kernel: self.kernel,
            stride: self.stride,
            dilation: self.dilation,
            pad: self.pad,
            input_zero: self.input_zero,
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

pub(super) fn lower(
    context: &Context<'_>,
    op: &ember_ir::Conv2d,
    params: &QuantParams,
    overflows: &mut Vec<Overflow>,
) -> Conv2d {
    let (input, output) = (context.input(0), context.output());
    let factors = requant::channel_factors(input, output, &params.scales, op.out_channels);
    let filter = params.weights.len() / op.out_channels;
    let taps = |channel: usize| Taps::of(params.weights[channel * filter..][..filter].iter());
    let channels = requant::channels(context, &params.bias, &factors, taps, overflows);
    let window = &op.window;
    Conv2d {
        input: context.input_hwc(),
        output: context.output_hwc(),
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation,
        pad: [window.padding.top, window.padding.left],
        input_zero: input.zero_point,
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
