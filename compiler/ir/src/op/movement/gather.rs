//! Elements of an axis by constant indices.

use serde::{Deserialize, Serialize};

use super::{Block, axis, separable};
use crate::{Shape, ShapeError};

/// Attributes of a gathering.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Gather {
    /// The axis that is picked from.
    pub axis: usize,
    /// What is picked, in this order.
    pub indices: Vec<usize>,
}

impl Gather {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        axis("gather", self.axis, input)?;
        let mut dims = input.dims().to_vec();
        if let Some(&value) = self.indices.iter().find(|&&i| i >= dims[self.axis]) {
            return Err(ShapeError::Attribute {
                op: "gather",
                attribute: "indices",
                value,
                rule: "an index of its axis",
            });
        }
        dims[self.axis] = self.indices.len();
        Ok(Shape::new(dims))
    }

    pub(super) fn block(&self, input: &Shape) -> Block {
        let mut sources: Vec<Vec<usize>> =
            input.dims().iter().map(|&dim| (0..dim).collect()).collect();
        sources[self.axis].clone_from(&self.indices);
        separable(input, sources)
    }
}
