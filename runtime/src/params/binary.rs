//! Element-wise functions of two tensors.

use crate::requant::{Rounding, Scale};

/// An element-wise function of two tensors, either of which may be repeated along axes.
#[derive(Clone, Copy, Debug)]
pub struct BinaryParams {
    /// What is computed.
    pub function: BinaryFunction,
    /// The axes of the output, outermost first; outputs are written one after the other.
    pub axes: [BinaryAxis; 4],
    /// Zero point of the left input.
    pub left_zero: i8,
    /// Zero point of the right input.
    pub right_zero: i8,
    /// Output zero point.
    pub output_zero: i8,
    /// Factor of the left input; of sums and differences, and of what is not negative under a slope.
    pub left: Scale,
    /// Factor of the right input; of sums and differences only.
    pub right: Scale,
    /// Factor of the result; not of maximum and minimum.
    pub output: Scale,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// How all factors round.
    pub rounding: Rounding,
}

/// A function of two numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryFunction {
    /// left + right.
    Add,
    /// left − right.
    Sub,
    /// left · right.
    Mul,
    /// The larger one, as it is.
    Maximum,
    /// The smaller one, as it is.
    Minimum,
    /// left, or left · right where left is negative.
    Prelu,
}

/// An axis that two inputs are read along.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BinaryAxis {
    /// Its size.
    pub count: usize,
    /// Elements of the left input from one index to the next; 0 repeats it.
    pub left: usize,
    /// The same of the right input.
    pub right: usize,
}

impl BinaryAxis {
    /// The axis that changes nothing.
    pub const ONE: Self = Self {
        count: 1,
        left: 0,
        right: 0,
    };
}
