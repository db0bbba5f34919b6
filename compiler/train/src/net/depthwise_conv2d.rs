//! Depthwise convolution; the kernel arrives as `[1, H, W, C·multiplier]`, burn wants
//! `[C·multiplier, 1, H, W]` and as many groups as there are input channels.

use burn::tensor::Tensor;
use burn::tensor::module::conv2d;
use ember_ir::DepthwiseConv2d;

use super::conv2d::options;

pub(super) fn forward(
    op: &DepthwiseConv2d,
    x: Tensor<4>,
    kernel: Tensor<4>,
    bias: Option<Tensor<1>>,
) -> Tensor<4> {
    let groups = x.dims()[1];
    conv2d(
        x,
        kernel.permute([3, 0, 1, 2]),
        bias,
        options(&op.window, groups),
    )
}
