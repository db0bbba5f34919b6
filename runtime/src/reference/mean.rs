//! Mean over height and width, requantised; 1/(H·W) is part of the scale.

use super::Finish;
use crate::params::MeanParams;

/// Reads H·W·C elements, writes C.
pub fn mean_s8(params: &MeanParams, input: &[i8], output: &mut [i8]) {
    let [height, width, channels] = params.input;
    let finish = Finish {
        zero: params.output_zero,
        clamp: params.clamp,
        rounding: params.rounding,
    };
    for c in 0..channels {
        let sum = (0..height * width).fold(0i32, |sum, at| {
            sum.wrapping_add(i32::from(input[at * channels + c]) - i32::from(params.input_zero))
        });
        output[c] = finish.apply(sum, params.scale);
    }
}
