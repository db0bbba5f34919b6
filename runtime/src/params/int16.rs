//! Layers of 16-bit activations with int8 weights. Zero points are 0, so that biases are as in the model
//! and a padded tap adds nothing. Shapes are `[height, width, channels]`, pairs are `[height, width]`.

use crate::requant::{Rounding, Scale};

/// How sums of products become outputs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sums {
    /// They fit 32 bits, as the host proves, and are rounded as those of int8 layers.
    Word(Rounding),
    /// They fit 48 bits, as the host proves, and become outputs by [`crate::requant::requantize_wide`].
    Wide,
}

/// A 2-D convolution. Weights are OHWI.
#[derive(Clone, Copy, Debug)]
pub struct Conv2dS16Params<'a> {
    /// Input shape.
    pub input: [usize; 3],
    /// Output shape.
    pub output: [usize; 3],
    /// Taps.
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
    /// O·KH·KW·I bytes.
    pub weights: &'a [i8],
    /// One bias per output channel.
    pub bias: &'a [i64],
    /// Multiplier mantissas, one per output channel.
    pub mantissas: &'a [i32],
    /// Multiplier exponents, one per output channel.
    pub exponents: &'a [i8],
}

/// A depthwise 2-D convolution. Weights are `[KH, KW, C_out]`; C_out is a multiple of C_in, and output
/// channel `c·multiplier + k` reads input channel `c`.
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseConv2dS16Params<'a> {
    /// Input shape.
    pub input: [usize; 3],
    /// Output shape.
    pub output: [usize; 3],
    /// Taps.
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
    /// KH·KW·C_out bytes.
    pub weights: &'a [i8],
    /// One bias per output channel.
    pub bias: &'a [i64],
    /// Multiplier mantissas, one per output channel.
    pub mantissas: &'a [i32],
    /// Multiplier exponents, one per output channel.
    pub exponents: &'a [i8],
}

/// A fully connected layer. Weights are `[outputs, inputs]`.
#[derive(Clone, Copy, Debug)]
pub struct DenseS16Params<'a> {
    /// Elements read.
    pub inputs: usize,
    /// Elements written.
    pub outputs: usize,
    /// Lowest and highest output.
    pub clamp: [i16; 2],
    /// How outputs are computed from sums.
    pub sums: Sums,
    /// outputs·inputs bytes.
    pub weights: &'a [i8],
    /// One bias per output.
    pub bias: &'a [i64],
    /// One mantissa per output.
    pub mantissas: &'a [i32],
    /// One exponent per output.
    pub exponents: &'a [i8],
}

/// An element-wise addition: both inputs are shifted left by [`ADD_SHIFT`] and scaled to a common scale
/// first.
#[derive(Clone, Copy, Debug)]
pub struct AddS16Params {
    /// Number of elements.
    pub len: usize,
    /// Factor of the left input.
    pub left: Scale,
    /// Factor of the right input.
    pub right: Scale,
    /// Factor of the sum.
    pub output: Scale,
    /// Lowest and highest output.
    pub clamp: [i16; 2],
    /// How all three factors round.
    pub rounding: Rounding,
}

/// Bits that the inputs of an addition are shifted left by.
pub const ADD_SHIFT: u32 = 15;

/// Average or maximum pooling; padded taps do not take part.
#[derive(Clone, Copy, Debug)]
pub struct Pool2dS16Params {
    /// Input shape.
    pub input: [usize; 3],
    /// Output shape.
    pub output: [usize; 3],
    /// Taps.
    pub kernel: [usize; 2],
    /// Step.
    pub stride: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
    /// Padding before: top, left.
    pub pad: [usize; 2],
    /// Lowest and highest output.
    pub clamp: [i16; 2],
}

/// Bytes of an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    /// One: int8.
    Byte,
    /// Two: int16.
    Half,
}

impl Width {
    /// The number.
    pub const fn bytes(self) -> usize {
        match self {
            Width::Byte => 1,
            Width::Half => 2,
        }
    }

    /// Least and greatest value.
    pub const fn range(self) -> [i32; 2] {
        match self {
            Width::Byte => [i8::MIN as i32, i8::MAX as i32],
            Width::Half => [i16::MIN as i32, i16::MAX as i32],
        }
    }
}

/// The step from one scale and type to others, of which one at least is int16.
#[derive(Clone, Copy, Debug)]
pub struct QuantizeParams {
    /// Number of elements.
    pub len: usize,
    /// Type of the input.
    pub from: Width,
    /// Type of the output.
    pub to: Width,
    /// Input zero point.
    pub input_zero: i8,
    /// Output zero point.
    pub output_zero: i8,
    /// From input to output.
    pub scale: Scale,
    /// How outputs are rounded.
    pub rounding: Rounding,
}
