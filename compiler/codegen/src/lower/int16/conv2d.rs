//! Dense 2-D convolution.

use ember_ir::QuantParams;
use ember_runtime::params::{Conv2dS16Params, Sums};

use super::super::requant::{self, Taps};
use super::super::{Context, Overflow};

/// The owned twin of [`Conv2dS16Params`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct Conv2dS16 {
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
    /// Lowest and highest output.
    pub clamp: [i16; 2],
    /// How outputs are computed from sums.
    pub sums: Sums,
    /// OHWI.
    pub weights: Vec<i8>,
    /// One bias per output channel.
    pub bias: Vec<i64>,
    /// One mantissa per output channel.
    pub mantissas: Vec<i32>,
    /// One exponent per output channel.
    pub exponents: Vec<i8>,
}

impl Conv2dS16 {
    /// What the kernel takes.
    pub fn params(&self) -> Conv2dS16Params<'_> {
        Conv2dS16Params {
            input: self.input,
            output: self.output,
            kernel: self.kernel,
            stride: self.stride,
            dilation: self.dilation,
            pad: self.pad,
            clamp: self.clamp,
            sums: self.sums,
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
) -> Conv2dS16 {
    let (input, output) = (context.input(0), context.output());
    let factors = requant::channel_factors(input, output, &params.scales, op.out_channels);
    let filter = params.weights.len() / op.out_channels;
    let taps = |channel: usize| Taps::of(params.weights[channel * filter..][..filter].iter());
    let factors = super::factors(context, &params.bias, &factors, taps, overflows);
    let window = &op.window;
    Conv2dS16 {
        input: context.input_hwc(),
        output: context.output_hwc(),
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation,
        pad: [window.padding.top, window.padding.left],
        clamp: super::clamp(op.activation, output),
        sums: super::sums(context),
        weights: params.weights.clone(),
        bias: params.bias.clone(),
        mantissas: factors.mantissas,
        exponents: factors.exponents,
    }
}
