//! Element-wise addition of two tensors of equal shape (the join of a residual block).

use serde::{Deserialize, Serialize};

use super::{Activation, ShapeError};
use crate::Shape;

/// Attributes of an addition.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Add {
    /// Fused activation.
    pub activation: Activation,
}

pub(super) fn output_shape(left: &Shape, right: &Shape) -> Result<Shape, ShapeError> {
    if left != right {
        return Err(ShapeError::Mismatch {
            op: "add",
            left: left.clone(),
            right: right.clone(),
        });
    }
    Ok(left.clone())
}
