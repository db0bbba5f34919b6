//! Filter over a stream, at its first step: all before were zeros.

use ember_ir::{FloatParams, Svdf};

pub(super) fn run(op: &Svdf, params: &FloatParams, input: &[f32]) -> Vec<f32> {
    let (bias, time) = params.bias.split_at(op.units);
    let unit = |unit: usize| {
        let filters = unit * op.rank..(unit + 1) * op.rank;
        let seen = filters.map(|filter| {
            let weights = &params.weights[filter * input.len()..][..input.len()];
            let seen: f32 = weights.iter().zip(input).map(|(w, x)| w * x).sum();
            seen * time[filter * op.memory + op.memory - 1]
        });
        bias[unit] + seen.sum::<f32>()
    };
    (0..op.units).map(unit).collect()
}
