//! Mean over height and width (global average pooling), requantised to its own output range: means
//! span far less than their inputs, and a range of their own keeps the precision.

use serde::{Deserialize, Serialize};

use super::{ShapeError, positive, spatial};
use crate::Shape;

/// Attributes of the mean: none, it always reduces `[H, W, C]` to `[C]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Mean {}

pub(super) fn output_shape(input: &Shape) -> Result<Shape, ShapeError> {
    let [h, w, c] = spatial("mean", input)?;
    positive("mean", "height", h)?;
    positive("mean", "width", w)?;
    positive("mean", "channels", c)?;
    Ok(Shape::from([c]))
}
