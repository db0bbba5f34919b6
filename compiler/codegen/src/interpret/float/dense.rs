//! Fully connected layer, weights `[out, in]`.

use ember_ir::FloatParams;

pub(super) fn run(params: &FloatParams, input: &[f32]) -> Vec<f32> {
    let rows = params.weights.chunks_exact(input.len());
    rows.zip(&params.bias)
        .map(|(row, bias)| bias + row.iter().zip(input).map(|(w, x)| w * x).sum::<f32>())
        .collect()
}
