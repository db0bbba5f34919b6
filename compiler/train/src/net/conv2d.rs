//! Convolution; the kernel arrives as OHWI, burn wants OIHW.

use burn::tensor::Tensor;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use ember_ir::{Conv2d, Window2d};

pub(super) fn forward(
    op: &Conv2d,
    x: Tensor<4>,
    kernel: Tensor<4>,
    bias: Option<Tensor<1>>,
) -> Tensor<4> {
    conv2d(
        x,
        kernel.permute([0, 3, 1, 2]),
        bias,
        options(&op.window, 1),
    )
}

/// burn's options for a window; padding may differ on the two sides of an axis.
pub(super) fn options(window: &Window2d, groups: usize) -> ConvOptions<2> {
    let padding = window.padding;
    ConvOptions {
        stride: window.stride,
        padding: [(padding.top, padding.bottom), (padding.left, padding.right)],
        dilation: window.dilation,
        groups,
    }
}
