//! Blocks of an image become channels: the pixels of a block, row by row, one behind the other.

use serde::{Deserialize, Serialize};

use super::super::{positive, spatial};
use super::{Block, BlockAxis};
use crate::{Shape, ShapeError};

/// Attributes of space to depth.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SpaceToDepth {
    /// Height and width of a block.
    pub block: usize,
}

impl SpaceToDepth {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let [h, w, c] = spatial("space_to_depth", input)?;
        positive("space_to_depth", "block", self.block)?;
        for size in [h, w] {
            if !size.is_multiple_of(self.block) {
                return Err(ShapeError::Attribute {
                    op: "space_to_depth",
                    attribute: "block",
                    value: self.block,
                    rule: "a divisor of height and width",
                });
            }
        }
        let pixels = self.block.saturating_mul(self.block);
        Ok(Shape::from([
            h / self.block,
            w / self.block,
            c.saturating_mul(pixels),
        ]))
    }

    pub(super) fn block(&self, input: &Shape) -> Block {
        let [h, w, c] = input.hwc().unwrap_or_default();
        let b = self.block;
        let axis = |pitch, count, stride| BlockAxis {
            pitch,
            sources: (0..count).map(|i| i * stride).collect(),
        };
        Block {
            input: 0,
            write: 0,
            // Rows and columns of blocks, rows and columns in a block, channels.
            axes: vec![
                axis(w * b * c, h / b, b * w * c),
                axis(b * b * c, w / b, b * c),
                axis(b * c, b, w * c),
                axis(c, b, c),
                axis(1, c, 1),
            ],
        }
    }
}
