//! Element-wise addition: both sides shifted left by 20, scaled, added, scaled.

use super::Finish;
use crate::params::AddParams;
use crate::requant::requantize;

/// Reads `len` elements of each side, writes `len`.
pub fn add_s8(params: &AddParams, left: &[i8], right: &[i8], output: &mut [i8]) {
    let finish = Finish {
        zero: params.output_zero,
        clamp: params.clamp,
        rounding: params.rounding,
    };
    for i in 0..params.len {
        let left = (i32::from(left[i]) - i32::from(params.left_zero)) << 20;
        let right = (i32::from(right[i]) - i32::from(params.right_zero)) << 20;
        let sum = requantize(left, params.left, params.rounding).wrapping_add(requantize(
            right,
            params.right,
            params.rounding,
        ));
        output[i] = finish.apply(sum, params.output);
    }
}
