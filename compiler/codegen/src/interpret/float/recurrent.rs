//! Recurrent layers and gated recurrent units, from hidden values of zero.

use ember_ir::{Cell, FloatParams, Function, Recurrent, Shape};

pub(super) fn run(op: &Recurrent, params: &FloatParams, from: &Shape, input: &[f32]) -> Vec<f32> {
    let inputs = from.dims()[1];
    let units = op.hidden;
    let row = |gate: usize, unit: usize| {
        let row = gate * units + unit;
        let weights = &params.weights[row * (inputs + units)..][..inputs + units];
        (weights.split_at(inputs), params.bias[row])
    };
    let mut hidden = vec![0.0; units];
    let mut output = Vec::new();
    for x in input.chunks_exact(inputs) {
        let sum = |hidden: &[f32], gate: usize, unit: usize| {
            let ((of_inputs, of_hidden), bias) = row(gate, unit);
            bias + dot(of_inputs, x) + dot(of_hidden, hidden)
        };
        let [update, reset, candidate] = [0, 1, 2];
        let gate = |gate, unit| Function::Logistic.apply(sum(&hidden, gate, unit));
        let mixed = |unit: usize, sum: f32| {
            let z = gate(update, unit);
            (1.0 - z) * Function::Tanh.apply(sum) + z * hidden[unit]
        };
        let next: Vec<f32> = match op.cell {
            Cell::RnnTanh => (0..units)
                .map(|unit| Function::Tanh.apply(sum(&hidden, 0, unit)))
                .collect(),
            Cell::RnnRelu => (0..units)
                .map(|unit| sum(&hidden, 0, unit).max(0.0))
                .collect(),
            Cell::Gru => {
                let left: Vec<f32> = (0..units)
                    .map(|unit| gate(reset, unit) * hidden[unit])
                    .collect();
                (0..units)
                    .map(|unit| mixed(unit, sum(&left, candidate, unit)))
                    .collect()
            }
            Cell::GruResetAfter => (0..units)
                .map(|unit| {
                    let ((of_inputs, of_hidden), bias) = row(candidate, unit);
                    let weighted = params.bias[3 * units + unit] + dot(of_hidden, &hidden);
                    mixed(
                        unit,
                        bias + dot(of_inputs, x) + gate(reset, unit) * weighted,
                    )
                })
                .collect(),
        };
        output.extend_from_slice(&next);
        hidden = next;
    }
    output
}

fn dot(weights: &[f32], values: &[f32]) -> f32 {
    weights.iter().zip(values).map(|(w, x)| w * x).sum()
}
