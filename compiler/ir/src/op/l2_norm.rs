//! Each row of the last axis divided by its Euclidean length; the int8 output always has scale 1/128 and
//! zero point 0.

use serde::{Deserialize, Serialize};

use super::{ShapeError, positive};
use crate::{Quant, Shape};

/// Attributes of the division by the length: none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct L2Norm {}

impl L2Norm {
    /// Scale and zero point of every output.
    pub const QUANT: Quant = Quant {
        scale: 1.0 / 128.0,
        zero_point: 0,
    };

    /// The least length that is divided by, in real numbers: a row of zeros stays one.
    pub const EPSILON: f32 = 1e-6;
}

pub(super) fn output_shape(input: &Shape) -> Result<Shape, ShapeError> {
    positive("l2_norm", "input elements", input.elements())?;
    Ok(input.clone())
}
