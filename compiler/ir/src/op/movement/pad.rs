//! Surrounds the input by a value.

use serde::{Deserialize, Serialize};

use super::{Block, BlockAxis, per_axis, strides};
use crate::{Real, Shape, ShapeError};

/// Attributes of a padding.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Pad {
    /// Elements before the input, per axis.
    pub before: Vec<usize>,
    /// Elements behind it.
    pub after: Vec<usize>,
    /// Their value.
    pub fill: Real,
}

impl Pad {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        per_axis("pad", "before", self.before.len(), input)?;
        per_axis("pad", "after", self.after.len(), input)?;
        let sides = self.before.iter().zip(&self.after);
        let dims = input.dims().iter().zip(sides);
        Ok(Shape::new(
            dims.map(|(&dim, (&before, &after))| dim.saturating_add(before).saturating_add(after))
                .collect::<Vec<_>>(),
        ))
    }

    pub(super) fn block(&self, input: &Shape) -> Block {
        let sides = self.before.iter().zip(&self.after);
        let padded = input.dims().iter().zip(sides);
        let output = Shape::new(
            padded
                .map(|(dim, (before, after))| dim + before + after)
                .collect::<Vec<_>>(),
        );
        let pitches = strides(&output);
        let axes = input.dims().iter().zip(strides(input)).zip(&pitches);
        Block {
            input: 0,
            write: self
                .before
                .iter()
                .zip(&pitches)
                .map(|(n, pitch)| n * pitch)
                .sum(),
            axes: axes
                .map(|((&dim, stride), &pitch)| BlockAxis {
                    pitch,
                    sources: (0..dim).map(|index| index * stride).collect(),
                })
                .collect(),
        }
    }
}
