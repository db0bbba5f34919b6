//! Dot products, one per output.

use crate::requant::Rounding;

/// One dot product per output: output `o` is the sum over taps `t` of `x[o·x.output + t·x.tap]` times
/// `weights[o·w.output + t·w.tap]`. A fully connected layer is one, and so is a depthwise convolution whose
/// window is its whole input.
#[derive(Clone, Copy, Debug)]
pub struct DotParams<'a> {
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
    /// outputs·taps bytes.
    pub weights: &'a [i8],
    /// One folded bias per output.
    pub bias: &'a [i32],
    /// One mantissa per output, or a single one for all.
    pub mantissas: &'a [i32],
    /// As many exponents as mantissas.
    pub exponents: &'a [i8],
}

impl DotParams<'_> {
    /// Whether the output may lie over the input's start.
    ///
    /// Proof: output `o` is written, after its taps were read, over byte `o` of the input. Where outputs step by
    /// one and taps by at least as many bytes as there are outputs, only the first tap of output `o` is there.
    pub const fn in_place(&self) -> bool {
        self.x.output == 1 && self.x.tap >= self.outputs
    }
}

/// How far apart elements lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Steps {
    /// The first ones of two outputs.
    pub output: usize,
    /// Those of two taps.
    pub tap: usize,
}
