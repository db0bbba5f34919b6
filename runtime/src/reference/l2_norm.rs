//! Rows divided by their Euclidean length, as TensorFlow Lite Micro computes it: a fixed-point 1/√ of the sum
//! of squares.

use super::clamp;
use crate::fixed_point::inverse_sqrt;
use crate::params::L2NormParams;
use crate::requant::{Rounding, Scale, requantize};

/// Reads rows·len elements, writes as many.
pub fn l2_norm_s8(params: &L2NormParams, input: &[i8], output: &mut [i8]) {
    let rows = input[..params.rows * params.len].chunks(params.len);
    let centred = |x: i8| i32::from(x) - i32::from(params.input_zero);
    for (input, output) in rows.zip(output.chunks_mut(params.len)) {
        let sum = input.iter().fold(0i32, |sum, &x| {
            let x = centred(x);
            sum.wrapping_add(x * x)
        });
        let (mantissa, exponent) = inverse_sqrt(sum);
        // 2⁷ steps are 1.
        let exponent = (exponent + 7) as i8;
        let scale = Scale { mantissa, exponent };
        for (y, &x) in output.iter_mut().zip(input) {
            let real = requantize(centred(x), scale, Rounding::TfLite);
            *y = clamp(real, [i8::MIN, i8::MAX]);
        }
    }
}
