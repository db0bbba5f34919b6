//! Softmax over each row, as TensorFlow Lite Micro computes it; the exponentials come from a table of
//! all 256 possible differences to the maximum.

use crate::params::SoftmaxParams;
use crate::softmax_math::{Reciprocal, sum_term};

/// Reads rows·len elements, writes as many.
pub fn softmax_s8(params: &SoftmaxParams, input: &[i8], output: &mut [i8]) {
    let rows = input[..params.rows * params.len].chunks(params.len);
    for (input, output) in rows.zip(output.chunks_mut(params.len)) {
        row(params, input, output);
    }
}

fn row(params: &SoftmaxParams, input: &[i8], output: &mut [i8]) {
    let max = input.iter().copied().max().unwrap_or(0);
    let exp = |x: i8| params.exps[usize::from(max.abs_diff(x))];
    let sum = input
        .iter()
        .fold(0i32, |sum, &x| sum.wrapping_add(sum_term(exp(x))));
    let reciprocal = Reciprocal::of(sum);
    for (y, &x) in output.iter_mut().zip(input) {
        *y = reciprocal.scale(exp(x));
    }
}
