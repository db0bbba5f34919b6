//! Reductions along axes.

use crate::requant::{Rounding, Scale};

/// Mean, sum or maximum over some axes. 1/n of a mean is folded into `scale`.
#[derive(Clone, Copy, Debug)]
pub struct ReduceParams {
    /// The axes that stay, outermost first; outputs are written one after the other.
    pub kept: [ReduceAxis; 3],
    /// The axes that go.
    pub reduced: [ReduceAxis; 3],
    /// How; `None` is the maximum, as it is.
    pub sum: Option<SumParams>,
}

/// What becomes of a sum.
#[derive(Clone, Copy, Debug)]
pub struct SumParams {
    /// Input zero point.
    pub input_zero: i8,
    /// Output zero point.
    pub output_zero: i8,
    /// Factor from the sum to the output.
    pub scale: Scale,
    /// How outputs are rounded.
    pub rounding: Rounding,
}

/// An axis of the input of a reduction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReduceAxis {
    /// Its size.
    pub count: usize,
    /// Elements from one index to the next.
    pub stride: usize,
}

impl ReduceAxis {
    /// The axis that changes nothing.
    pub const ONE: Self = Self {
        count: 1,
        stride: 0,
    };
}

/// Index of the largest element along an axis, of the first one if there are several.
#[derive(Clone, Copy, Debug)]
pub struct ArgMaxParams {
    /// Elements of the axes before, together.
    pub outer: usize,
    /// Elements of the axis, at most 128.
    pub len: usize,
    /// Elements of the axes behind, together.
    pub inner: usize,
}
