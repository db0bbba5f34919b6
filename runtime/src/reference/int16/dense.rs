//! Fully connected: a sum over all inputs.

use super::finish;
use crate::params::DenseS16Params;
use crate::requant::Scale;

/// Reads `inputs` elements, writes `outputs`.
pub fn dense_s16(params: &DenseS16Params, input: &[i16], output: &mut [i16]) {
    for (o, y) in output[..params.outputs].iter_mut().enumerate() {
        let row = &params.weights[o * params.inputs..(o + 1) * params.inputs];
        let products = row.iter().zip(&input[..params.inputs]);
        let sum = products.fold(params.bias[o], |sum, (&w, &x)| {
            sum.wrapping_add(i64::from(w) * i64::from(x))
        });
        let scale = Scale {
            mantissa: params.mantissas[o],
            exponent: params.exponents[o],
        };
        *y = finish(sum, scale, params.sums, params.clamp);
    }
}
