//! Channels become blocks of an image; the inverse of space to depth.

use serde::{Deserialize, Serialize};

use super::super::{positive, spatial};
use super::{Block, BlockAxis};
use crate::{Shape, ShapeError};

/// Attributes of depth to space.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct DepthToSpace {
    /// Height and width of a block.
    pub block: usize,
}

impl DepthToSpace {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let [h, w, c] = spatial("depth_to_space", input)?;
        positive("depth_to_space", "block", self.block)?;
        let pixels = self.block.saturating_mul(self.block);
        if !c.is_multiple_of(pixels) {
            return Err(ShapeError::Attribute {
                op: "depth_to_space",
                attribute: "block",
                value: self.block,
                rule: "a number whose square divides the channels",
            });
        }
        let [h, w] = [h, w].map(|size| size.saturating_mul(self.block));
        Ok(Shape::from([h, w, c / pixels]))
    }

    pub(super) fn block(&self, input: &Shape) -> Block {
        let [h, w, channels] = input.hwc().unwrap_or_default();
        let b = self.block;
        let c = channels / (b * b);
        let axis = |pitch, count, stride| BlockAxis {
            pitch,
            sources: (0..count).map(|i| i * stride).collect(),
        };
        Block {
            input: 0,
            write: 0,
            // Rows of blocks, rows in a block, columns of blocks, columns in a block, channels.
            axes: vec![
                axis(b * w * b * c, h, w * channels),
                axis(w * b * c, b, b * c),
                axis(b * c, w, channels),
                axis(c, b, c),
                axis(1, c, 1),
            ],
        }
    }
}
