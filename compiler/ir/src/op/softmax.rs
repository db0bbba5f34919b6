//! Softmax (β = 1) over the last axis; the int8 output always has scale 1/256 and zero point −128.

use serde::{Deserialize, Serialize};

use super::{ShapeError, positive};
use crate::Shape;

/// Attributes of softmax: none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Softmax {}

pub(super) fn output_shape(input: &Shape) -> Result<Shape, ShapeError> {
    positive("softmax", "input elements", input.elements())?;
    Ok(input.clone())
}
