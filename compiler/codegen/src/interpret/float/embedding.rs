//! Rows of a table.

use ember_ir::{Embedding, FloatParams};

pub(super) fn run(op: &Embedding, params: &FloatParams, input: &[f32]) -> Vec<f32> {
    let rows = input.iter().map(|&number| op.row(number) * op.width);
    rows.flat_map(|at| &params.weights[at..at + op.width])
        .copied()
        .collect()
}
