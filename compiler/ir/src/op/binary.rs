//! Element-wise functions of two tensors, of which each axis of one is repeated along the other's
//! (broadcasting, axes aligned at the last).

use serde::{Deserialize, Serialize};

use super::{Activation, ShapeError};
use crate::Shape;

/// Attributes of an element-wise function of two tensors. The sum is an operator of its own,
/// [`super::Add`], because networks are full of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Binary {
    /// What is computed.
    pub function: BinaryFunction,
    /// Fused activation; maximum, minimum and prelu have none.
    pub activation: Activation,
}

/// A function of two numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryFunction {
    /// left − right.
    Sub,
    /// left · right.
    Mul,
    /// The larger one; inputs and output share their quantisation parameters.
    Maximum,
    /// The smaller one; inputs and output share their quantisation parameters.
    Minimum,
    /// left, or left · right where left is negative: right is the slope.
    Prelu,
}

impl BinaryFunction {
    /// The operator's name in the text form.
    pub fn name(self) -> &'static str {
        match self {
            BinaryFunction::Sub => "sub",
            BinaryFunction::Mul => "mul",
            BinaryFunction::Maximum => "maximum",
            BinaryFunction::Minimum => "minimum",
            BinaryFunction::Prelu => "prelu",
        }
    }

    /// Whether an activation may be fused to it.
    pub fn fuses(self) -> bool {
        match self {
            BinaryFunction::Sub | BinaryFunction::Mul => true,
            BinaryFunction::Maximum | BinaryFunction::Minimum | BinaryFunction::Prelu => false,
        }
    }

    /// Whether it picks one of its inputs, so that all three tensors share their parameters.
    pub fn picks(self) -> bool {
        match self {
            BinaryFunction::Sub | BinaryFunction::Mul | BinaryFunction::Prelu => false,
            BinaryFunction::Maximum | BinaryFunction::Minimum => true,
        }
    }
}

impl Binary {
    pub(super) fn output_shape(&self, left: &Shape, right: &Shape) -> Result<Shape, ShapeError> {
        if !self.function.fuses() && self.activation != Activation::None {
            return Err(ShapeError::Attribute {
                op: self.function.name(),
                attribute: "number of fused activations",
                value: 1,
                rule: "0",
            });
        }
        broadcast(self.function.name(), left, right)
    }
}

/// The shape of an element-wise function of two tensors: sizes of an axis are equal, or one is 1.
pub(super) fn broadcast(
    op: &'static str,
    left: &Shape,
    right: &Shape,
) -> Result<Shape, ShapeError> {
    let rank = left.dims().len().max(right.dims().len());
    let size = |shape: &Shape, axis: usize| {
        let missing = rank - shape.dims().len();
        axis.checked_sub(missing)
            .map_or(1, |axis| shape.dims()[axis])
    };
    let dims = (0..rank).map(|axis| match (size(left, axis), size(right, axis)) {
        (1, other) | (other, 1) => Some(other),
        (one, other) => (one == other).then_some(one),
    });
    match dims.collect::<Option<Vec<_>>>() {
        Some(dims) => Ok(Shape::new(dims)),
        None => Err(ShapeError::Mismatch {
            op,
            left: left.clone(),
            right: right.clone(),
        }),
    }
}

/// Elements from one index of each axis of `output` to the next, in a tensor that is repeated along the
/// axes which it has not; 0 there.
pub fn broadcast_strides(shape: &Shape, output: &Shape) -> Vec<usize> {
    let missing = output.dims().len() - shape.dims().len();
    let mut strides = vec![0; output.dims().len()];
    let mut stride = 1;
    for (axis, &dim) in shape.dims().iter().enumerate().rev() {
        if dim > 1 {
            strides[axis + missing] = stride;
        }
        stride *= dim;
    }
    strides
}
