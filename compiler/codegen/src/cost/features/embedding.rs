//! Rows of a table: a loop over numbers, and one over the bytes of each row.

use ember_ir::Embedding;

use super::numbers;

pub(super) fn counts(op: &Embedding, elements: usize) -> Vec<f64> {
    numbers(&[&[1, elements, elements * op.width]])
}
