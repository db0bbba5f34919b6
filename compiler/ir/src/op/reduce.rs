//! Mean, sum or maximum over any axes. The mean over height and width is an operator of its own,
//! [`super::Mean`], which more of the compiler knows about.

use serde::{Deserialize, Serialize};

use super::{ShapeError, positive};
use crate::Shape;

/// Attributes of a reduction.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Reduce {
    /// What is computed.
    pub function: ReduceFunction,
    /// The axes that go, ascending.
    pub axes: Vec<usize>,
    /// Whether they stay, with size 1.
    pub keep_dims: bool,
}

/// A function of many numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReduceFunction {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The largest; input and output share their quantisation parameters.
    Max,
}

impl ReduceFunction {
    /// The operator's name in the text form.
    pub fn name(self) -> &'static str {
        match self {
            ReduceFunction::Mean => "reduce_mean",
            ReduceFunction::Sum => "reduce_sum",
            ReduceFunction::Max => "reduce_max",
        }
    }
}

impl Reduce {
    /// Axes that an input may have: a kernel has loops for so many.
    pub const MAX_RANK: usize = 6;

    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let op = self.function.name();
        let rank = input.dims().len();
        if rank > Self::MAX_RANK {
            return Err(ShapeError::Attribute {
                op,
                attribute: "number of axes",
                value: rank,
                rule: "at most 6",
            });
        }
        positive(op, "number of reduced axes", self.axes.len())?;
        for (index, &axis) in self.axes.iter().enumerate() {
            if axis >= rank || self.axes[..index].iter().any(|&before| before >= axis) {
                return Err(ShapeError::Attribute {
                    op,
                    attribute: "axes",
                    value: axis,
                    rule: "axes of the input, ascending",
                });
            }
        }
        for &dim in input.dims() {
            positive(op, "input size", dim)?;
        }
        let kept = input.dims().iter().enumerate();
        let mut dims: Vec<usize> = kept
            .filter_map(|(axis, &dim)| match self.axes.contains(&axis) {
                false => Some(dim),
                true => self.keep_dims.then_some(1),
            })
            .collect();
        if dims.is_empty() {
            dims.push(1);
        }
        Ok(Shape::new(dims))
    }

    /// Elements that one output is computed from.
    pub fn count(&self, input: &Shape) -> usize {
        self.axes.iter().map(|&axis| input.dims()[axis]).product()
    }
}
