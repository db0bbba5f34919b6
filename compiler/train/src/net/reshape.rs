//! Reshape, in the IR's memory order: channels last.

use burn::tensor::Tensor;
use ember_ir::Reshape;

pub(super) fn forward(op: &Reshape, x: Tensor<4>) -> Tensor<4> {
    let batch = x.dims()[0];
    let rows = to_rows(x);
    match op.shape.hwc() {
        Some([h, w, c]) => rows.reshape([batch, h, w, c]).permute([0, 3, 1, 2]),
        None => rows.reshape([batch, op.shape.elements(), 1, 1]),
    }
}

/// `[batch, H, W, C]` of an NCHW tensor; nothing is moved where the orders agree.
pub(super) fn to_rows(x: Tensor<4>) -> Tensor<4> {
    let [batch, c, h, w] = x.dims();
    if c == 1 || h * w == 1 {
        x.reshape([batch, h, w, c])
    } else {
        x.permute([0, 2, 3, 1])
    }
}
