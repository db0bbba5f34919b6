//! A long short-term memory over a sequence `[T, inputs]` → `[T, hidden]`. Its state, hidden values and
//! cells, is zero before the first step: of every inference, or of a stream where it is stateful.
//!
//! Weights are `[4·hidden, inputs + hidden]`: gates in the order input, forget, candidate, output, per
//! unit the weights of the inputs, then those of the hidden values. In int8 hidden values have the
//! output's quantisation, a gate has one scale for either part, and cells are 16-bit numbers with
//! `cell_bits` bits behind the point.

use serde::{Deserialize, Serialize};

use super::{Real, ShapeError, positive};
use crate::Shape;

/// Gates of a unit.
pub const GATES: usize = 4;

/// Attributes of a long short-term memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Lstm {
    /// Number of units.
    pub hidden: usize,
    /// Bits behind the point of an int8 network's cells, at most 15.
    pub cell_bits: usize,
    /// Cells are clamped to ±`clip`, which is not negative; may be infinite.
    pub clip: Real,
    /// Whether the state is kept from call to call, so that calls are pieces of one sequence.
    pub stateful: bool,
}

impl Lstm {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let &[steps, inputs] = input.dims() else {
            return Err(ShapeError::Rank {
                op: "lstm",
                expected: "TxN",
                actual: input.clone(),
            });
        };
        positive("lstm", "steps", steps)?;
        positive("lstm", "inputs", inputs)?;
        positive("lstm", "hidden units", self.hidden)?;
        if self.cell_bits > 15 {
            return Err(ShapeError::Attribute {
                op: "lstm",
                attribute: "cell bits",
                value: self.cell_bits,
                rule: "at most 15",
            });
        }
        if self.clip.get().is_nan() || self.clip.get() < 0.0 {
            return Err(ShapeError::Real {
                op: "lstm",
                attribute: "clip",
                value: self.clip,
                rule: "not negative",
            });
        }
        Ok(Shape::from([steps, self.hidden]))
    }

    /// Numbers that are kept from call to call: cells and hidden values.
    pub fn state(&self) -> usize {
        if self.stateful {
            self.hidden.saturating_mul(2)
        } else {
            0
        }
    }

    pub(super) fn weight_shape(&self, input: &Shape) -> Option<Shape> {
        let &[_, inputs] = input.dims() else {
            return None;
        };
        let rows = self.hidden.saturating_mul(GATES);
        Some(Shape::from([rows, inputs.saturating_add(self.hidden)]))
    }
}
