//! Depthwise 2-D convolution; weights are `[1, H, W, C·multiplier]`, output channel
//! `c·multiplier + k` is filter `k` of input channel `c`.

use serde::{Deserialize, Serialize};

use super::{Activation, ShapeError, Window2d, positive, spatial};
use crate::Shape;

/// Attributes of a depthwise convolution.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct DepthwiseConv2d {
    /// The sliding window.
    pub window: Window2d,
    /// Filters per input channel.
    pub multiplier: usize,
    /// Fused activation.
    pub activation: Activation,
}

impl DepthwiseConv2d {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let [h, w, c] = spatial("depthwise_conv2d", input)?;
        positive("depthwise_conv2d", "input channels", c)?;
        positive("depthwise_conv2d", "multiplier", self.multiplier)?;
        let [h, w] = self.window.output_size("depthwise_conv2d", [h, w])?;
        Ok(Shape::from([h, w, c.saturating_mul(self.multiplier)]))
    }

    pub(super) fn weight_shape(&self, input: &Shape) -> Option<Shape> {
        let [_, _, c] = input.hwc()?;
        let [kh, kw] = self.window.kernel;
        Some(Shape::from([1, kh, kw, c.saturating_mul(self.multiplier)]))
    }
}
