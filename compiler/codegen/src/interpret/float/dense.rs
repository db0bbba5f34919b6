//! Fully connected layer, weights `[out, in]`, over one row or several.

use ember_ir::FloatParams;

pub(super) fn run(params: &FloatParams, input: &[f32]) -> Vec<f32> {
    let depth = params.weights.len() / params.bias.len();
    let product = |row: &[f32], x: &[f32]| row.iter().zip(x).map(|(w, x)| w * x).sum::<f32>();
    let outputs = |x: &'_ [f32]| -> Vec<f32> {
        let rows = params.weights.chunks_exact(depth).zip(&params.bias);
        rows.map(|(row, bias)| bias + product(row, x)).collect()
    };
    input.chunks_exact(depth).flat_map(outputs).collect()
}
