//! Transposed convolutions.

use crate::requant::Rounding;

/// A transposed 2-D convolution, as one convolution of stride 1 per phase: outputs whose numbers leave the same
/// rest by the stride have the same taps.
///
/// An output is `Σ w·x` over the taps of its row's and its column's phase, `x` beyond the input being the zero
/// point.
#[derive(Clone, Copy, Debug)]
pub struct TransposeConv2dParams<'a> {
    /// Input shape.
    pub input: [usize; 3],
    /// Output shape.
    pub output: [usize; 3],
    /// Output elements from one input element to the next, and number of phases.
    pub stride: [usize; 2],
    /// The phases of the rows, then those of the columns, [`PHASE_WORDS`] numbers each: see [`Phase::of`].
    pub phases: &'a [i32],
    /// Value of a tap beyond the input.
    pub input_zero: i8,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// How outputs are rounded.
    pub rounding: Rounding,
    /// Per phase of the rows and phase of the columns O·taps·taps·I bytes.
    pub weights: &'a [i8],
    /// Per phase of the rows and phase of the columns one folded bias per output channel.
    pub bias: &'a [i32],
    /// Multiplier mantissas, one per output channel.
    pub mantissas: &'a [i32],
    /// Multiplier exponents, one per output channel.
    pub exponents: &'a [i8],
}

/// Numbers of a phase in [`TransposeConv2dParams::phases`].
pub const PHASE_WORDS: usize = 4;

/// Outputs of an axis that have the same taps: output `first + n·stride` reads the inputs from `start + n` on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Phase {
    /// The first output.
    pub first: i32,
    /// Number of outputs.
    pub count: i32,
    /// Taps, at least one.
    pub taps: i32,
    /// The first input that the first output reads; may lie before the input.
    pub start: i32,
}

impl Phase {
    /// A phase of a list.
    pub const fn of(phases: &[i32], index: usize) -> Self {
        let at = index * PHASE_WORDS;
        Self {
            first: phases[at],
            count: phases[at + 1],
            taps: phases[at + 2],
            start: phases[at + 3],
        }
    }

    /// Its numbers.
    pub const fn words(self) -> [i32; PHASE_WORDS] {
        [self.first, self.count, self.taps, self.start]
    }
}

impl TransposeConv2dParams<'_> {
    /// A phase of the rows and one of the columns.
    pub(crate) const fn phase(&self, row: usize, column: usize) -> [Phase; 2] {
        [
            Phase::of(self.phases, row),
            Phase::of(self.phases, self.stride[0] + column),
        ]
    }

    /// Taps of a row and a column phase, times the channels.
    pub(crate) const fn taps(&self, row: usize, column: usize) -> usize {
        let [rows, columns] = self.phase(row, column);
        rows.taps as usize * columns.taps as usize * self.input[2]
    }
}
