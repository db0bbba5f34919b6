//! A tensor that is the same for every sample: an operator without inputs, whose weights are the
//! tensor's values. Element-wise operators read it where it lies in flash.

use serde::{Deserialize, Serialize};

use super::{ShapeError, positive};
use crate::Shape;

/// Attributes of a constant.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Constant {
    /// Its shape.
    pub shape: Shape,
}

impl Constant {
    pub(super) fn output_shape(&self) -> Result<Shape, ShapeError> {
        positive("constant", "elements", self.shape.elements())?;
        Ok(self.shape.clone())
    }
}
