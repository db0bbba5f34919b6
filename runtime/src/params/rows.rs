//! Functions of whole rows.

use crate::requant::Scale;

/// Softmax over each row of a matrix; output scale 1/256, zero point −128.
#[derive(Clone, Copy, Debug)]
pub struct SoftmaxParams<'a> {
    /// Number of rows.
    pub rows: usize,
    /// Elements of a row.
    pub len: usize,
    /// `exps[d]` = exp of a difference of −d to the maximum, Q0.31; 0 where the difference is below the
    /// definition's minimum.
    pub exps: &'a [i32; 256],
}

/// Logarithm of softmax over each row of a matrix; output scale 1/16, zero point 127.
#[derive(Clone, Copy, Debug)]
pub struct LogSoftmaxParams<'a> {
    /// Number of rows.
    pub rows: usize,
    /// Elements of a row.
    pub len: usize,
    /// As of [`SoftmaxParams`].
    pub exps: &'a [i32; 256],
    /// From a difference to Q5.26; the exponent is a left shift.
    pub scale: Scale,
    /// The largest distance to the maximum that Q5.26 holds; beyond it is the least output.
    pub farthest: u8,
}

/// Rows of a matrix divided by their Euclidean length; output scale 1/128, zero point 0.
#[derive(Clone, Copy, Debug)]
pub struct L2NormParams {
    /// Number of rows.
    pub rows: usize,
    /// Elements of a row, at most 2¹⁵.
    pub len: usize,
    /// Input zero point.
    pub input_zero: i8,
}

/// Rows of a table by their number: input scale 1, zero point −128, so the byte −128 is row 0.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddingParams<'a> {
    /// Numbers read.
    pub len: usize,
    /// Elements of a row.
    pub width: usize,
    /// The rows, one after the other; the last one stands for all numbers behind it.
    pub values: &'a [i8],
}
