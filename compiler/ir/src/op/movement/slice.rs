//! Every so many elements of a range of each axis, forwards or backwards.

use serde::{Deserialize, Serialize};

use super::{Block, per_axis, separable};
use crate::{Shape, ShapeError};

/// Attributes of a slice, each per axis.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Slice {
    /// Index of the first element.
    pub begin: Vec<usize>,
    /// Number of elements.
    pub size: Vec<usize>,
    /// From one element to the next; negative runs backwards.
    pub step: Vec<isize>,
}

impl Slice {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        per_axis("slice", "begin", self.begin.len(), input)?;
        per_axis("slice", "size", self.size.len(), input)?;
        per_axis("slice", "step", self.step.len(), input)?;
        for (axis, &dim) in input.dims().iter().enumerate() {
            let (begin, size, step) = (self.begin[axis], self.size[axis], self.step[axis]);
            super::super::positive("slice", "size", size)?;
            let refuse = |attribute, value, rule| {
                Err(ShapeError::Attribute {
                    op: "slice",
                    attribute,
                    value,
                    rule,
                })
            };
            if begin >= dim {
                return refuse("begin", begin, "an index of its axis");
            }
            let room = if step < 0 { begin } else { dim - 1 - begin };
            match step.unsigned_abs().checked_mul(size - 1) {
                _ if step == 0 => return refuse("step", 0, "not 0"),
                Some(reach) if reach <= room => {}
                _ => return refuse("size", size, "no more than its axis has from `begin` on"),
            }
        }
        Ok(Shape::new(self.size.clone()))
    }

    pub(super) fn block(&self, input: &Shape) -> Block {
        let axes = self.begin.iter().zip(&self.size).zip(&self.step);
        let sources = axes.map(|((&begin, &size), &step)| {
            let index = |i: usize| begin.wrapping_add_signed(step * i as isize);
            (0..size).map(index).collect()
        });
        separable(input, sources.collect())
    }
}
