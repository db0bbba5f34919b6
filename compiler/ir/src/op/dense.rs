//! Fully connected layer; weights are `[out, in]`. The input is read in memory order, whatever its
//! shape, as TensorFlow Lite does.

use serde::{Deserialize, Serialize};

use super::{Activation, ShapeError, positive};
use crate::Shape;

/// Attributes of a fully connected layer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Dense {
    /// Number of outputs.
    pub out_features: usize,
    /// Fused activation.
    pub activation: Activation,
}

impl Dense {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        positive("dense", "input elements", input.elements())?;
        positive("dense", "output features", self.out_features)?;
        Ok(Shape::from([self.out_features]))
    }

    pub(super) fn weight_shape(&self, input: &Shape) -> Shape {
        Shape::from([self.out_features, input.elements()])
    }
}
