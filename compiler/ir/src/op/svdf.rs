//! A singular value decomposition filter: a layer over the last steps of a stream, of which each call brings
//! one. `rank` filters per unit look at a step each; what they see of the last `memory` steps is the node's
//! state, which is kept from call to call, and weighted over time.
//!
//! Weights are `[units·rank, inputs]`. Beside the units' biases lie the weights over time,
//! `[units·rank, memory]`, oldest step first: in int8 networks these are integers of `state_bits` bits, and so is
//! what is kept, in steps of `state_scale` around 0. There is one scale of the weights, and one of those over
//! time. Source: Nakkiran et al., "Compressing deep neural networks using a rank-constrained topology" (2015).

use serde::{Deserialize, Serialize};

use super::{Activation, Real, ShapeError, positive};
use crate::Shape;

/// Attributes of a singular value decomposition filter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Svdf {
    /// Number of outputs.
    pub units: usize,
    /// Filters per output.
    pub rank: usize,
    /// Steps that are kept.
    pub memory: usize,
    /// Bits of what an int8 network keeps, 8 or 16.
    pub state_bits: usize,
    /// Real size of one step of it; positive.
    pub state_scale: Real,
    /// Fused activation.
    pub activation: Activation,
}

impl Svdf {
    /// Filters of all units.
    pub fn filters(&self) -> usize {
        self.units.saturating_mul(self.rank)
    }

    /// Numbers that are kept from call to call.
    pub fn state(&self) -> usize {
        self.filters().saturating_mul(self.memory)
    }

    /// The largest magnitude of a weight over time.
    pub fn largest(&self) -> i32 {
        if self.state_bits == 8 { 127 } else { 32767 }
    }

    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        positive("svdf", "inputs", input.elements())?;
        positive("svdf", "units", self.units)?;
        positive("svdf", "rank", self.rank)?;
        positive("svdf", "memory", self.memory)?;
        if ![8, 16].contains(&self.state_bits) {
            return Err(ShapeError::Attribute {
                op: "svdf",
                attribute: "state bits",
                value: self.state_bits,
                rule: "8 or 16",
            });
        }
        if !(self.state_scale.get().is_normal() && self.state_scale.get() > 0.0) {
            return Err(ShapeError::Real {
                op: "svdf",
                attribute: "state scale",
                value: self.state_scale,
                rule: "finite and positive",
            });
        }
        Ok(Shape::from([self.units]))
    }

    pub(super) fn weight_shape(&self, input: &Shape) -> Shape {
        Shape::from([self.filters(), input.elements()])
    }
}
