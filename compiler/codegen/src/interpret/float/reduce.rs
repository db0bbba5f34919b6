//! Mean, sum or maximum over any axes.

use ember_ir::{Reduce, ReduceFunction, Shape};

pub(super) fn run(op: &Reduce, from: &Shape, to: &Shape, input: &[f32]) -> Vec<f32> {
    let start = match op.function {
        ReduceFunction::Mean | ReduceFunction::Sum => 0.0,
        ReduceFunction::Max => f32::NEG_INFINITY,
    };
    let mut output = vec![start; to.elements()];
    for (at, &x) in input.iter().enumerate() {
        let (mut rest, mut place, mut stride) = (at, 0, 1);
        for (axis, &size) in from.dims().iter().enumerate().rev() {
            if !op.axes.contains(&axis) {
                place += rest % size * stride;
                stride *= size;
            }
            rest /= size;
        }
        let y: &mut f32 = &mut output[place];
        *y = match op.function {
            ReduceFunction::Mean | ReduceFunction::Sum => *y + x,
            // Not `max`, which would hide NaN from the calibration.
            ReduceFunction::Max if x > *y || x.is_nan() => x,
            ReduceFunction::Max => *y,
        };
    }
    if op.function == ReduceFunction::Mean {
        let count = op.count(from) as f32;
        output.iter_mut().for_each(|sum| *sum /= count);
    }
    output
}
