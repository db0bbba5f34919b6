//! Dense 2-D convolution; weights are OHWI. A 1-D convolution is one of height 1.

use serde::{Deserialize, Serialize};

use super::{Activation, ShapeError, Window2d, positive, spatial};
use crate::Shape;

/// Attributes of a 2-D convolution.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Conv2d {
    /// The sliding window.
    pub window: Window2d,
    /// Number of filters.
    pub out_channels: usize,
    /// Fused activation.
    pub activation: Activation,
}

impl Conv2d {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let [h, w, c] = spatial("conv2d", input)?;
        positive("conv2d", "input channels", c)?;
        positive("conv2d", "output channels", self.out_channels)?;
        let [h, w] = self.window.output_size("conv2d", [h, w])?;
        Ok(Shape::from([h, w, self.out_channels]))
    }

    pub(super) fn weight_shape(&self, input: &Shape) -> Option<Shape> {
        let [_, _, c] = input.hwc()?;
        let [kh, kw] = self.window.kernel;
        Some(Shape::from([self.out_channels, kh, kw, c]))
    }
}
