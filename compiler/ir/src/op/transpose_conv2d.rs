//! Transposed 2-D convolution (deconvolution); weights are OHWI. Input element `i` of an axis adds its product
//! with tap `t` to output `i·stride + t − before`; what lies outside is dropped.

use serde::{Deserialize, Serialize};

use super::{Activation, ShapeError, positive, spatial};
use crate::Shape;

/// Attributes of a transposed convolution; every pair is `[height, width]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct TransposeConv2d {
    /// Taps.
    pub kernel: [usize; 2],
    /// Output elements from one input element to the next.
    pub stride: [usize; 2],
    /// Output elements that are dropped before the first that stays.
    pub before: [usize; 2],
    /// Size of the output. An input element may reach beyond it, and it may have up to `stride` − 1 elements that
    /// none reaches.
    pub size: [usize; 2],
    /// Number of filters.
    pub out_channels: usize,
    /// Fused activation.
    pub activation: Activation,
}

const NAME: &str = "transpose_conv2d";

impl TransposeConv2d {
    /// Weights that the phases of all strides may have: far beyond any flash.
    const MOST_WEIGHTS: usize = 1 << 26;

    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let [h, w, c] = spatial(NAME, input)?;
        positive(NAME, "input channels", c)?;
        positive(NAME, "output channels", self.out_channels)?;
        for (axis, len) in [h, w].into_iter().enumerate() {
            let (kernel, stride) = (self.kernel[axis], self.stride[axis]);
            let (before, size) = (self.before[axis], self.size[axis]);
            for (attribute, value) in [
                ("input size", len),
                ("kernel", kernel),
                ("stride", stride),
                ("size", size),
            ] {
                positive(NAME, attribute, value)?;
            }
            let refuse = |attribute, value, rule| ShapeError::Attribute {
                op: NAME,
                attribute,
                value,
                rule,
            };
            if before >= kernel {
                return Err(refuse("before", before, "smaller than the kernel"));
            }
            // One past the last output that an element reaches, with room for `stride` − 1 more.
            let end = len.saturating_mul(stride).saturating_add(kernel - 1);
            if size.saturating_add(before) > end {
                return Err(refuse(
                    "size",
                    size,
                    "what the input reaches, and fewer than `stride` elements more",
                ));
            }
        }
        // Of each phase there is at least one weight per pair of channels.
        let phases = [0, 1].map(|axis| self.kernel[axis].max(self.stride[axis]));
        let weights = phases.into_iter().chain([c, self.out_channels]);
        if weights.fold(1, usize::saturating_mul) > Self::MOST_WEIGHTS {
            return Err(ShapeError::Attribute {
                op: NAME,
                attribute: "stride",
                value: self.stride[0].max(self.stride[1]),
                rule: "so small that stride times stride weights per pair of channels are below 2²⁶",
            });
        }
        Ok(Shape::from([self.size[0], self.size[1], self.out_channels]))
    }

    pub(super) fn weight_shape(&self, input: &Shape) -> Option<Shape> {
        let [_, _, c] = input.hwc()?;
        let [kh, kw] = self.kernel;
        Some(Shape::from([self.out_channels, kh, kw, c]))
    }
}
