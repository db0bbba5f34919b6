//! Long short-term memory, from a state of zeros.

use ember_ir::{FloatParams, Function, Lstm, Shape};

pub(super) fn run(op: &Lstm, params: &FloatParams, from: &Shape, input: &[f32]) -> Vec<f32> {
    let inputs = from.dims()[1];
    let units = op.hidden;
    let (mut cells, mut hidden) = (vec![0.0; units], vec![0.0; units]);
    let mut output = Vec::new();
    for x in input.chunks_exact(inputs) {
        let sum = |gate: usize, unit: usize| {
            let row = gate * units + unit;
            let weights = &params.weights[row * (inputs + units)..][..inputs + units];
            let taps = weights.iter().zip(x.iter().chain(&hidden));
            params.bias[row] + taps.map(|(w, x)| w * x).sum::<f32>()
        };
        let mut next = Vec::with_capacity(units);
        for (unit, cell) in cells.iter_mut().enumerate() {
            let gate = |gate| Function::Logistic.apply(sum(gate, unit));
            let candidate = Function::Tanh.apply(sum(2, unit));
            let clip = op.clip.get();
            *cell = (gate(1) * *cell + gate(0) * candidate).max(-clip).min(clip);
            next.push(Function::Tanh.apply(*cell) * gate(3));
        }
        output.extend_from_slice(&next);
        hidden = next;
    }
    output
}
