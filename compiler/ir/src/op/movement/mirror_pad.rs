//! Surrounds the input by its mirror image.

use serde::{Deserialize, Serialize};

use super::{Block, per_axis, separable};
use crate::{Shape, ShapeError};

/// Attributes of a mirrored padding.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct MirrorPad {
    /// Elements before the input, per axis.
    pub before: Vec<usize>,
    /// Elements behind it.
    pub after: Vec<usize>,
    /// The mirror lies between the last element and the first one outside, so that the last one is
    /// repeated (TensorFlow's SYMMETRIC); otherwise it lies on the last element (REFLECT).
    pub symmetric: bool,
}

impl MirrorPad {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        per_axis("mirror_pad", "before", self.before.len(), input)?;
        per_axis("mirror_pad", "after", self.after.len(), input)?;
        let mut dims = Vec::new();
        for (axis, &dim) in input.dims().iter().enumerate() {
            let most = dim.saturating_sub(usize::from(!self.symmetric));
            for value in [self.before[axis], self.after[axis]] {
                if value > most {
                    return Err(ShapeError::Attribute {
                        op: "mirror_pad",
                        attribute: "padding",
                        value,
                        rule: "no larger than what there is to mirror",
                    });
                }
            }
            dims.push(dim + self.before[axis] + self.after[axis]);
        }
        Ok(Shape::new(dims))
    }

    pub(super) fn block(&self, input: &Shape) -> Block {
        let gap = usize::from(!self.symmetric);
        let sources = input.dims().iter().enumerate().map(|(axis, &dim)| {
            let before = (0..self.before[axis]).rev().map(|distance| distance + gap);
            let after = (0..self.after[axis]).map(|distance| dim - 1 - gap - distance);
            before.chain(0..dim).chain(after).collect()
        });
        separable(input, sources.collect())
    }
}
