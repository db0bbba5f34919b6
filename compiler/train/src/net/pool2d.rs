//! Average and maximum pooling; padded taps count in neither.

use burn::tensor::Tensor;
use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use ember_ir::{AveragePool2d, MaxPool2d, Window2d};

pub(super) fn average(op: &AveragePool2d, x: Tensor<4>) -> Tensor<4> {
    let options = AvgPoolOptions::new(op.window.kernel)
        .with_stride(op.window.stride)
        .with_padding_pairs(padding(&op.window))
        .with_count_include_pad(false);
    avg_pool2d(x, options)
}

pub(super) fn max(op: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
    let options = MaxPoolOptions::new(op.window.kernel)
        .with_stride(op.window.stride)
        .with_padding_pairs(padding(&op.window))
        .with_dilation(op.window.dilation);
    max_pool2d(x, options)
}

fn padding(window: &Window2d) -> [(usize, usize); 2] {
    let padding = window.padding;
    [(padding.top, padding.bottom), (padding.left, padding.right)]
}
