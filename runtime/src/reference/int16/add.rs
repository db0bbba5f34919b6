//! Element-wise addition: both sides shifted left by 15, scaled, added, scaled.

use super::clamp;
use crate::params::{ADD_SHIFT, AddS16Params};
use crate::requant::requantize;

/// Reads `len` elements of each side, writes `len`.
pub fn add_s16(params: &AddS16Params, left: &[i16], right: &[i16], output: &mut [i16]) {
    let scaled = |x: i16, scale| requantize(i32::from(x) << ADD_SHIFT, scale, params.rounding);
    for i in 0..params.len {
        let sum = scaled(left[i], params.left).wrapping_add(scaled(right[i], params.right));
        output[i] = clamp(
            requantize(sum, params.output, params.rounding),
            params.clamp,
        );
    }
}
