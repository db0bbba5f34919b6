//! Fully connected: y[o] = finish(bias[o] + Σ w[o, i] · x[i]).

use super::Finish;
use crate::params::DenseParams;
use crate::requant::Scale;

/// Reads `inputs` elements, writes `outputs`.
pub fn dense_s8(params: &DenseParams, input: &[i8], output: &mut [i8]) {
    let finish = Finish {
        zero: params.output_zero,
        clamp: params.clamp,
        rounding: params.rounding,
    };
    let per_channel = params.mantissas.len() > 1;
    for (o, y) in output[..params.outputs].iter_mut().enumerate() {
        let row = &params.weights[o * params.inputs..(o + 1) * params.inputs];
        let acc = row
            .iter()
            .zip(&input[..params.inputs])
            .fold(params.bias[o], |acc, (&w, &x)| {
                acc.wrapping_add(i32::from(w) * i32::from(x))
            });
        let channel = if per_channel { o } else { 0 };
        let scale = Scale {
            mantissa: params.mantissas[channel],
            exponent: params.exponents[channel],
        };
        *y = finish.apply(acc, scale);
    }
}
