//! The recurrent cell that DARTS searches, from hidden values of zero.

use ember_ir::{CellFunction, DartsCell, FloatParams, Function, Shape};

pub(super) fn run(op: &DartsCell, params: &FloatParams, from: &Shape, input: &[f32]) -> Vec<f32> {
    let (inputs, units) = (from.dims()[1], op.hidden);
    let row_len = inputs + op.stages() * units;
    let mut hidden = vec![0.0; units];
    let mut output = Vec::new();
    for x in input.chunks_exact(inputs) {
        let sum = |row: usize, stage: usize, read: &[f32]| {
            let weights = &params.weights[row * row_len..][..row_len];
            let (of_inputs, of_states) = weights.split_at(inputs);
            let bias = params.bias[stage * op.rows() + row];
            let from_inputs = if stage == 0 { dot(of_inputs, x) } else { 0.0 };
            bias + from_inputs + dot(&of_states[stage * units..][..units], read)
        };
        let step = |stage: usize, function: CellFunction, read: &[f32]| -> Vec<f32> {
            let unit = |unit: usize| {
                let gate = Function::Logistic.apply(sum(unit, stage, read));
                let value = apply(function, sum(units + unit, stage, read));
                read[unit] + gate * (value - read[unit])
            };
            (0..units).map(unit).collect()
        };
        let mut states = vec![step(0, CellFunction::Tanh, &hidden)];
        for node in op.nodes.as_slice() {
            let next = step(states.len(), node.function, &states[node.from]);
            states.push(next);
        }
        let nodes = &states[1..];
        for (unit, hidden) in hidden.iter_mut().enumerate() {
            let sum: f32 = nodes.iter().map(|state| state[unit]).sum();
            *hidden = sum / nodes.len() as f32;
        }
        output.extend_from_slice(&hidden);
    }
    output
}

fn apply(function: CellFunction, x: f32) -> f32 {
    match function {
        CellFunction::Tanh => Function::Tanh.apply(x),
        CellFunction::Relu => x.clamp(0.0, 1.0),
        CellFunction::Sigmoid => Function::Logistic.apply(x),
        CellFunction::Identity => x.clamp(-1.0, 1.0),
    }
}

fn dot(weights: &[f32], values: &[f32]) -> f32 {
    weights.iter().zip(values).map(|(w, x)| w * x).sum()
}
