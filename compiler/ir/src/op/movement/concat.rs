//! Joins inputs along an axis.

use serde::{Deserialize, Serialize};

use super::{Block, BlockAxis, axis, strides};
use crate::{Shape, ShapeError};

/// Attributes of a concatenation.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Concat {
    /// The axis on which inputs follow each other; they agree on all others.
    pub axis: usize,
}

impl Concat {
    pub(super) fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        axis("concat", self.axis, inputs[0])?;
        let mut dims = inputs[0].dims().to_vec();
        for input in &inputs[1..] {
            let differ = input.dims().len() != dims.len()
                || (0..dims.len()).any(|k| k != self.axis && input.dims()[k] != dims[k]);
            if differ {
                return Err(ShapeError::Mismatch {
                    op: "concat",
                    left: inputs[0].clone(),
                    right: (*input).clone(),
                });
            }
            dims[self.axis] = dims[self.axis].saturating_add(input.dims()[self.axis]);
        }
        Ok(Shape::new(dims))
    }

    pub(super) fn blocks(&self, inputs: &[&Shape]) -> Vec<Block> {
        let mut dims = inputs[0].dims().to_vec();
        dims[self.axis] = inputs.iter().map(|input| input.dims()[self.axis]).sum();
        let pitches = strides(&Shape::new(dims));
        let mut before = 0;
        let blocks = inputs.iter().enumerate().map(|(number, input)| {
            let write = before * pitches[self.axis];
            before += input.dims()[self.axis];
            let axes = input.dims().iter().zip(strides(input)).zip(&pitches);
            Block {
                input: number,
                write,
                axes: axes
                    .map(|((&dim, stride), &pitch)| BlockAxis {
                        pitch,
                        sources: (0..dim).map(|index| index * stride).collect(),
                    })
                    .collect(),
            }
        });
        blocks.collect()
    }
}
