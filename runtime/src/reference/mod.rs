//! The definition of every operator: the shortest correct form, driven by data at run time.
//!
//! The host's interpreter runs these; every kernel in [`crate::kernels`] equals its namesake here bit
//! for bit. Slices shorter than the parameters say are a bug of the caller and panic; on a device
//! nothing of this module is linked.

mod add;
mod arg_max;
mod average_pool2d;
mod binary;
mod conv2d;
mod copy;
mod darts_cell;
mod dense;
mod depthwise_conv2d;
mod dot;
mod embedding;
mod int16;
mod l2_norm;
mod log_softmax;
mod lookup;
mod lstm;
mod matmul;
mod max_pool2d;
mod mean;
mod recurrent;
mod reduce;
mod resize_bilinear;
mod softmax;
mod svdf;
mod transpose_conv2d;

pub use add::add_s8;
pub use arg_max::arg_max_s8;
pub use average_pool2d::average_pool2d_s8;
pub use binary::binary_s8;
pub use conv2d::conv2d_s8;
pub use copy::copy_s8;
pub use darts_cell::darts_cell_s8;
pub use dense::dense_s8;
pub use depthwise_conv2d::depthwise_conv2d_s8;
pub use dot::dot_s8;
pub use embedding::embedding_s8;
pub use int16::{
    add_s16, average_pool2d_s16, conv2d_s16, dense_s16, depthwise_conv2d_s16, max_pool2d_s16,
    quantize_s16,
};
pub use l2_norm::l2_norm_s8;
pub use log_softmax::log_softmax_s8;
pub use lookup::lookup_s8;
pub use lstm::lstm_s8;
pub use matmul::matmul_s8;
pub use max_pool2d::max_pool2d_s8;
pub use mean::mean_s8;
pub use recurrent::recurrent_s8;
pub use reduce::reduce_s8;
pub use resize_bilinear::resize_bilinear_s8;
pub use softmax::softmax_s8;
pub use svdf::svdf_s8;
pub use transpose_conv2d::transpose_conv2d_s8;

use crate::requant::{Rounding, Scale, requantize};

/// How an accumulator becomes an output.
#[derive(Clone, Copy)]
struct Finish {
    zero: i8,
    clamp: [i8; 2],
    rounding: Rounding,
}

impl Finish {
    fn apply(self, acc: i32, scale: Scale) -> i8 {
        let y = requantize(acc, scale, self.rounding).wrapping_add(i32::from(self.zero));
        clamp(y, self.clamp)
    }
}

fn clamp(y: i32, [low, high]: [i8; 2]) -> i8 {
    y.min(i32::from(high)).max(i32::from(low)) as i8
}

/// The input coordinate under a tap, if it is not padding.
fn under(tap: usize, out: usize, axis: Axis) -> Option<usize> {
    let padded = out * axis.stride + tap * axis.dilation;
    padded.checked_sub(axis.pad).filter(|&at| at < axis.len)
}

/// One spatial axis of a sliding window.
#[derive(Clone, Copy)]
struct Axis {
    len: usize,
    stride: usize,
    dilation: usize,
    pad: usize,
}

/// Both spatial axes of params that slide a window.
macro_rules! axes {
    ($params:expr) => {
        [0, 1].map(|i| crate::reference::Axis {
            len: $params.input[i],
            stride: $params.stride[i],
            dilation: $params.dilation[i],
            pad: $params.pad[i],
        })
    };
}
use axes;
