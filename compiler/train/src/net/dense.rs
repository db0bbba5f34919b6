//! Fully connected layer; it reads its input in the IR's memory order (channels last).

use burn::tensor::Tensor;

use super::reshape::to_rows;

pub(super) fn forward(x: Tensor<4>, kernel: Tensor<4>, bias: Option<Tensor<1>>) -> Tensor<4> {
    let [batch, c, h, w] = x.dims();
    let [out, _, _, inputs] = kernel.dims();
    let rows = to_rows(x).reshape([batch, c * h * w]);
    let mut y = rows.matmul(kernel.reshape([out, inputs]).transpose());
    if let Some(bias) = bias {
        y = y + bias.reshape([1, out]);
    }
    y.reshape([batch, out, 1, 1])
}
