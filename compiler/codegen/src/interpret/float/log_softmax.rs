//! Logarithm of softmax over the last axis, shifted by its maximum against overflow.

use ember_ir::Shape;

pub(super) fn run(from: &Shape, input: &[f32]) -> Vec<f32> {
    let len = from.dims().last().copied().unwrap_or(1);
    input.chunks(len).flat_map(row).collect()
}

fn row(input: &[f32]) -> Vec<f32> {
    let top = input.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // In f64, so that the last bit of the f32 does not depend on the machine's library.
    let sum: f64 = input.iter().map(|x| f64::from(x - top).exp()).sum();
    let log = sum.ln();
    input
        .iter()
        .map(|x| (f64::from(x - top) - log) as f32)
        .collect()
}
