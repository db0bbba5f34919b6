//! Softmax over the last axis, shifted by its maximum against overflow.

use ember_ir::Shape;

pub(super) fn run(from: &Shape, input: &[f32]) -> Vec<f32> {
    let len = from.dims().last().copied().unwrap_or(1);
    input.chunks(len).flat_map(row).collect()
}

fn row(input: &[f32]) -> Vec<f32> {
    let top = input.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f32> = input.iter().map(|x| (x - top).exp()).collect();
    let sum: f32 = exps.iter().sum();
    exps.iter().map(|exp| exp / sum).collect()
}
