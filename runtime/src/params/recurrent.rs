//! Recurrent layers and gated recurrent units.

use crate::requant::{Rounding, Scale};

/// What a unit computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecurrentCell {
    /// tanh of its sum.
    RnnTanh,
    /// Its sum or 0.
    RnnRelu,
    /// A gated recurrent unit: update, reset, candidate.
    Gru,
    /// One whose reset gate weights the sum over hidden values instead of these.
    GruResetAfter,
}

impl RecurrentCell {
    /// Rows of weights per unit.
    pub const fn gates(self) -> usize {
        match self {
            Self::RnnTanh | Self::RnnRelu => 1,
            Self::Gru | Self::GruResetAfter => 3,
        }
    }
}

/// A recurrent layer. A unit's state is an i16, 0 before the first step: Q0.15, or of rectified units 2⁻⁷
/// steps of the output. Hidden values are states on the scale of the output. Sums are Q3.12 before a
/// logistic function or tanh, gates Q0.15; products of two such numbers round once, half up.
#[derive(Clone, Copy, Debug)]
pub struct RecurrentParams<'a> {
    /// What a unit computes.
    pub cell: RecurrentCell,
    /// Steps of a call.
    pub steps: usize,
    /// Elements read per step.
    pub inputs: usize,
    /// Units: elements written per step.
    pub hidden: usize,
    /// Output zero point.
    pub output_zero: i8,
    /// Whether states are kept from call to call.
    pub stateful: bool,
    /// How sums and outputs round.
    pub rounding: Rounding,
    /// From state to output.
    pub output: Scale,
    /// Per gate and unit, those of inputs, then those of hidden values.
    pub weights: &'a [i8],
    /// Per gate and unit the folded bias of the sum over inputs, then of that over hidden values.
    pub bias: &'a [i32],
    /// From these sums to the gate's, mantissas.
    pub mantissas: &'a [i32],
    /// Exponents.
    pub exponents: &'a [i8],
    /// [`crate::lstm_math::SIGMOID`], of all units but rectified ones.
    pub sigmoid: Option<&'a [u16; 256]>,
}

impl RecurrentParams<'_> {
    /// Bytes of scratch.
    pub const fn scratch(&self) -> usize {
        recurrent_scratch(self.cell, self.hidden, self.stateful)
    }
}

/// Bytes of scratch of so many units: their states unless these are kept, their hidden values before the first
/// step and, of a GRU that resets them, what is left of them.
pub const fn recurrent_scratch(cell: RecurrentCell, hidden: usize, stateful: bool) -> usize {
    let states = if stateful { 0 } else { 2 };
    let values = match cell {
        RecurrentCell::Gru => 2,
        RecurrentCell::RnnTanh | RecurrentCell::RnnRelu | RecurrentCell::GruResetAfter => 1,
    };
    hidden.saturating_mul(states + values)
}
