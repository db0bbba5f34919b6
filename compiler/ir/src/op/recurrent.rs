//! Recurrent layers without cells of their own, over a sequence `[T, inputs]` → `[T, hidden]`: plain ones and
//! gated recurrent units. Hidden values are zero before the first step: of every inference, or of a stream
//! where a layer is stateful.
//!
//! Weights are `[gates·hidden, inputs + hidden]`, gates of a GRU in the order update, reset, candidate; per
//! unit the weights of the inputs, then those of the hidden values. A bias per row follows, and where the
//! reset comes after the product one more per unit, of the candidate's hidden values. In int8 hidden values
//! have the output's quantisation, and a row has a scale for its inputs and one for its hidden values.
//!
//! Source: Cho et al., "Learning phrase representations using RNN encoder–decoder for statistical machine
//! translation" (2014); ONNX's operators RNN and GRU.

use serde::{Deserialize, Serialize};

use super::{ShapeError, positive};
use crate::Shape;

/// How a unit gets from its inputs x and the hidden values h to its next one. W are weights of inputs, R those
/// of hidden values, σ is the logistic function, ⊙ goes by units.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Cell {
    /// tanh(W·x + R·h + b).
    RnnTanh,
    /// max(0, W·x + R·h + b).
    RnnRelu,
    /// (1 − z)⊙n + z⊙h of update z = σ(…), reset r = σ(…) and candidate n = tanh(W·x + R·(r⊙h) + b).
    Gru,
    /// The same, but n = tanh(W·x + b + r⊙(R·h + c)): ONNX's `linear_before_reset`, Keras' `reset_after`.
    GruResetAfter,
}

impl Cell {
    /// Every cell.
    pub const ALL: [Self; 4] = [Self::RnnTanh, Self::RnnRelu, Self::Gru, Self::GruResetAfter];

    /// The operator's name in the text form.
    pub fn name(self) -> &'static str {
        match self {
            Self::RnnTanh => "rnn_tanh",
            Self::RnnRelu => "rnn_relu",
            Self::Gru => "gru",
            Self::GruResetAfter => "gru_reset_after",
        }
    }

    /// Rows of weights per unit.
    pub fn gates(self) -> usize {
        match self {
            Self::RnnTanh | Self::RnnRelu => 1,
            Self::Gru | Self::GruResetAfter => 3,
        }
    }

    /// Biases per unit.
    pub fn biases(self) -> usize {
        match self {
            Self::RnnTanh | Self::RnnRelu | Self::Gru => self.gates(),
            Self::GruResetAfter => self.gates() + 1,
        }
    }
}

/// Attributes of a recurrent layer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Recurrent {
    /// What a unit computes.
    pub cell: Cell,
    /// Number of units.
    pub hidden: usize,
    /// Whether hidden values are kept from call to call, so that calls are pieces of one sequence.
    pub stateful: bool,
}

impl Recurrent {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let op = self.cell.name();
        let &[steps, inputs] = input.dims() else {
            return Err(ShapeError::Rank {
                op,
                expected: "TxN",
                actual: input.clone(),
            });
        };
        positive(op, "steps", steps)?;
        positive(op, "inputs", inputs)?;
        positive(op, "hidden units", self.hidden)?;
        Ok(Shape::from([steps, self.hidden]))
    }

    /// Rows of weights.
    pub fn rows(&self) -> usize {
        self.hidden.saturating_mul(self.cell.gates())
    }

    pub(super) fn weight_shape(&self, input: &Shape) -> Option<Shape> {
        let &[_, inputs] = input.dims() else {
            return None;
        };
        Some(Shape::from([
            self.rows(),
            inputs.saturating_add(self.hidden),
        ]))
    }

    /// Numbers that are kept from call to call.
    pub fn state(&self) -> usize {
        if self.stateful { self.hidden } else { 0 }
    }
}
