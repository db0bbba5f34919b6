//! Fully connected layer; weights are `[out, in]`. The input is read in memory order, whatever its
//! shape, as TensorFlow Lite does; or each row along its last axis is an input of its own.

use serde::{Deserialize, Serialize};

use super::{Activation, ShapeError, positive};
use crate::Shape;

/// Attributes of a fully connected layer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Dense {
    /// Number of outputs.
    pub out_features: usize,
    /// Whether the same weights take every row along the last axis, which becomes the outputs. Otherwise all
    /// elements are one row.
    pub over_rows: bool,
    /// Fused activation.
    pub activation: Activation,
}

impl Dense {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        positive("dense", "input elements", input.elements())?;
        positive("dense", "output features", self.out_features)?;
        Ok(match (self.over_rows, input.dims()) {
            (true, [rows @ .., _]) => Shape::new([rows, &[self.out_features]].concat()),
            _ => Shape::from([self.out_features]),
        })
    }

    pub(super) fn weight_shape(&self, input: &Shape) -> Shape {
        Shape::from([self.out_features, self.in_features(input)])
    }

    /// Elements of an input that an output is computed from.
    pub fn in_features(&self, input: &Shape) -> usize {
        match (self.over_rows, input.dims()) {
            (true, [.., depth]) => *depth,
            _ => input.elements(),
        }
    }
}
