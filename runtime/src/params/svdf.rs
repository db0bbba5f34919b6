//! A filter over the last steps of a stream.

use crate::requant::{Rounding, Scale};

/// A singular value decomposition filter. What is kept are numbers of 8 or 16 bits around 0, per filter the last
/// `memory` ones, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct SvdfParams<'a> {
    /// Elements read per call.
    pub inputs: usize,
    /// Outputs.
    pub units: usize,
    /// Filters per output.
    pub rank: usize,
    /// Steps that are kept.
    pub memory: usize,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// Lowest and highest number that is kept.
    pub kept: [i16; 2],
    /// How both factors round.
    pub rounding: Rounding,
    /// From a filter's sum to what is kept.
    pub feature: Scale,
    /// From the sum over time to the output.
    pub output: Scale,
    /// `[units·rank, inputs]`.
    pub weights: &'a [i8],
    /// One folded addend per filter: −input_zero·Σ weights.
    pub offsets: &'a [i32],
    /// `[units·rank, memory]`, the bits of i16.
    pub time: &'a [u16],
    /// One per unit.
    pub bias: &'a [i32],
}

impl SvdfParams<'_> {
    /// Filters of all units.
    pub const fn filters(&self) -> usize {
        self.units * self.rank
    }

    /// Bytes that are kept.
    pub const fn state_bytes(&self) -> usize {
        2 * self.filters() * self.memory
    }
}
