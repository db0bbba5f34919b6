//! The logarithm of softmax over the last axis; the int8 output always has scale 1/16 and zero point 127.

use serde::{Deserialize, Serialize};

use super::{ShapeError, positive};
use crate::{Quant, Shape};

/// Attributes of the logarithm of softmax: none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct LogSoftmax {}

impl LogSoftmax {
    /// Scale and zero point of every output: from −15.9 to 0.
    pub const QUANT: Quant = Quant {
        scale: 1.0 / 16.0,
        zero_point: 127,
    };
}

pub(super) fn output_shape(input: &Shape) -> Result<Shape, ShapeError> {
    positive("log_softmax", "input elements", input.elements())?;
    Ok(input.clone())
}
