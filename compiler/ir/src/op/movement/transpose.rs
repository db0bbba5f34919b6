//! Permutes axes.

use serde::{Deserialize, Serialize};

use super::{Block, BlockAxis, per_axis, strides};
use crate::{Shape, ShapeError};

/// Attributes of a transposition.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Transpose {
    /// Axis `k` of the output is axis `permutation[k]` of the input.
    pub permutation: Vec<usize>,
}

impl Transpose {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        per_axis("transpose", "perm", self.permutation.len(), input)?;
        let mut dims = Vec::new();
        for (index, &axis) in self.permutation.iter().enumerate() {
            let repeated = self.permutation[..index].contains(&axis);
            match input.dims().get(axis) {
                Some(&dim) if !repeated => dims.push(dim),
                _ => {
                    return Err(ShapeError::Attribute {
                        op: "transpose",
                        attribute: "perm",
                        value: axis,
                        rule: "an axis of the input, each one once",
                    });
                }
            }
        }
        Ok(Shape::new(dims))
    }

    pub(super) fn block(&self, input: &Shape) -> Block {
        let dims: Vec<usize> = self.permutation.iter().map(|&k| input.dims()[k]).collect();
        let from = strides(input);
        let axes = self.permutation.iter().zip(strides(&Shape::new(dims)));
        Block {
            input: 0,
            write: 0,
            axes: axes
                .map(|(&axis, pitch)| BlockAxis {
                    pitch,
                    sources: (0..input.dims()[axis]).map(|i| i * from[axis]).collect(),
                })
                .collect(),
        }
    }
}
