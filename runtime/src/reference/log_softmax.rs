//! Logarithm of softmax over each row, as TensorFlow Lite Micro computes it.

use crate::log_softmax_math::{log_at_least_one, output as output_of};
use crate::params::LogSoftmaxParams;
use crate::softmax_math::sum_term;

/// Reads rows·len elements, writes as many.
pub fn log_softmax_s8(params: &LogSoftmaxParams, input: &[i8], output: &mut [i8]) {
    let rows = input[..params.rows * params.len].chunks(params.len);
    for (input, output) in rows.zip(output.chunks_mut(params.len)) {
        row(params, input, output);
    }
}

fn row(params: &LogSoftmaxParams, input: &[i8], output: &mut [i8]) {
    let max = input.iter().copied().max().unwrap_or(0);
    let sum = input.iter().fold(0i32, |sum, &x| {
        sum.wrapping_add(sum_term(params.exps[usize::from(max.abs_diff(x))]))
    });
    let log = log_at_least_one(sum);
    for (y, &x) in output.iter_mut().zip(input) {
        let distance = i32::from(max.abs_diff(x));
        *y = output_of(distance, params.farthest, params.scale, log);
    }
}
