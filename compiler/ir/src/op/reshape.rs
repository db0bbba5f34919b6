//! The same elements in the same order under another shape; costs nothing on the device.

use serde::{Deserialize, Serialize};

use super::ShapeError;
use crate::Shape;

/// Attributes of a reshape.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Reshape {
    /// The new shape.
    pub shape: Shape,
}

impl Reshape {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        if self.shape.elements() != input.elements() {
            return Err(ShapeError::Mismatch {
                op: "reshape",
                left: input.clone(),
                right: self.shape.clone(),
            });
        }
        Ok(self.shape.clone())
    }
}
