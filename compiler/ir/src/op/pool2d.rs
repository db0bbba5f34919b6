//! Average and maximum pooling. Padded taps are left out of the mean and of the maximum. Input and
//! output share their quantisation parameters.

use serde::{Deserialize, Serialize};

use super::{Activation, ShapeError, Window2d, positive, spatial};
use crate::Shape;

/// Attributes of average pooling.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AveragePool2d {
    /// The sliding window.
    pub window: Window2d,
    /// Fused activation.
    pub activation: Activation,
}

/// Attributes of maximum pooling.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct MaxPool2d {
    /// The sliding window.
    pub window: Window2d,
    /// Fused activation.
    pub activation: Activation,
}

pub(super) fn output_shape(
    op: &'static str,
    window: &Window2d,
    input: &Shape,
) -> Result<Shape, ShapeError> {
    let [h, w, c] = spatial(op, input)?;
    positive(op, "channels", c)?;
    let [h, w] = window.output_size(op, [h, w])?;
    Ok(Shape::from([h, w, c]))
}
