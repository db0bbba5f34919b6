//! Products of matrices.

use super::BinaryAxis;
use crate::requant::{Rounding, Scale};

/// A product of matrices.
#[derive(Clone, Copy, Debug)]
pub struct MatmulParams {
    /// Two axes of batches, rows, which the right tensor does not have, and columns, which the left one does not
    /// have; outputs are written one after the other.
    pub axes: [BinaryAxis; 4],
    /// What is summed over.
    pub depth: BinaryAxis,
    /// Zero point of the left tensor.
    pub left_zero: i8,
    /// Zero point of the right tensor.
    pub right_zero: i8,
    /// Output zero point.
    pub output_zero: i8,
    /// Factor from sums to the output.
    pub scale: Scale,
    /// How outputs are rounded.
    pub rounding: Rounding,
}

/// Bytes of scratch of a product with sums over `depth`: a row of the left tensor as half-words.
pub const fn matmul_scratch(depth: usize) -> usize {
    depth.saturating_mul(2)
}
