//! Softmax (β = 1) over a vector; the int8 output always has scale 1/256 and zero point −128.

use serde::{Deserialize, Serialize};

use super::{ShapeError, positive};
use crate::Shape;

/// Attributes of softmax: none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Softmax {}

pub(super) fn output_shape(input: &Shape) -> Result<Shape, ShapeError> {
    if input.dims().len() != 1 {
        return Err(ShapeError::Rank {
            op: "softmax",
            expected: "N",
            actual: input.clone(),
        });
    }
    positive("softmax", "input elements", input.elements())?;
    Ok(input.clone())
}
