//! From one scale and type to others.

use crate::params::QuantizeParams;
use crate::requant::requantize;

/// The output of an input; both are of the types that the parameters say.
pub fn quantize_s16(params: &QuantizeParams, x: i32) -> i32 {
    let x = x.wrapping_sub(i32::from(params.input_zero));
    let y = requantize(x, params.scale, params.rounding);
    let [low, high] = params.to.range();
    y.wrapping_add(i32::from(params.output_zero))
        .min(high)
        .max(low)
}
