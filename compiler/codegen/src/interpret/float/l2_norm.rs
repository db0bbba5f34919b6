//! Rows divided by their Euclidean length.

use ember_ir::{L2Norm, Shape};

pub(super) fn run(from: &Shape, input: &[f32]) -> Vec<f32> {
    let len = from.dims().last().copied().unwrap_or(1);
    let row = |row: &[f32]| {
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        let length = length.max(L2Norm::EPSILON);
        row.iter().map(|x| x / length).collect::<Vec<f32>>()
    };
    input.chunks(len).flat_map(row).collect()
}
