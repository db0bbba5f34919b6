//! Operators on 16-bit activations, as TensorFlow Lite Micro's kernels with int8 weights compute them.

mod add;
mod conv2d;
mod dense;
mod depthwise_conv2d;
mod pool2d;
mod quantize;

pub use add::add_s16;
pub use conv2d::conv2d_s16;
pub use dense::dense_s16;
pub use depthwise_conv2d::depthwise_conv2d_s16;
pub use pool2d::{average_pool2d_s16, max_pool2d_s16};
pub use quantize::quantize_s16;

use crate::params::Sums;
use crate::requant::{Scale, requantize, requantize_wide};

/// The output of a sum of products.
fn finish(sum: i64, scale: Scale, sums: Sums, limits: [i16; 2]) -> i16 {
    let y = match sums {
        Sums::Word(rounding) => requantize(sum as i32, scale, rounding),
        Sums::Wide => requantize_wide(sum, scale),
    };
    clamp(y, limits)
}

fn clamp(y: i32, [low, high]: [i16; 2]) -> i16 {
    y.min(i32::from(high)).max(i32::from(low)) as i16
}
