//! Dot products: y[o] = finish(bias[o] + Σ w[o, t] · x[o, t]).

use super::Finish;
use crate::params::DotParams;
use crate::requant::Scale;

/// Reads `inputs` elements, writes `outputs`.
pub fn dot_s8(params: &DotParams, input: &[i8], output: &mut [i8]) {
    let finish = Finish {
        zero: params.output_zero,
        clamp: params.clamp,
        rounding: params.rounding,
    };
    let per_output = params.mantissas.len() > 1;
    for (o, y) in output[..params.outputs].iter_mut().enumerate() {
        let acc = (0..params.taps).fold(params.bias[o], |acc, t| {
            let x = input[o * params.x.output + t * params.x.tap];
            let w = params.weights[o * params.w.output + t * params.w.tap];
            acc.wrapping_add(i32::from(w) * i32::from(x))
        });
        let factor = if per_output { o } else { 0 };
        let scale = Scale {
            mantissa: params.mantissas[factor],
            exponent: params.exponents[factor],
        };
        *y = finish.apply(acc, scale);
    }
}
