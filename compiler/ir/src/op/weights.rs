//! What an operator keeps and computes: weights, state, multiply-accumulates.

use super::{DartsCell, GATES, Lstm, Op, Recurrent};
use crate::Shape;

impl Op {
    /// Shape of the weights (conv and its transpose OHWI, depthwise `[1, H, W, C]`, dense `[out, in]`, the values
    /// of a constant or a table, the rows of an embedding), or `None` for
    /// operators without weights. The input shape must be one that [`Op::output_shape`] accepts.
    pub fn weight_shape(&self, input: &Shape) -> Option<Shape> {
        match self {
            Op::Conv2d(op) => op.weight_shape(input),
            Op::DepthwiseConv2d(op) => op.weight_shape(input),
            Op::Dense(op) => Some(op.weight_shape(input)),
            Op::Lstm(op) => op.weight_shape(input),
            Op::Recurrent(op) => op.weight_shape(input),
            Op::DartsCell(op) => op.weight_shape(input),
            Op::TransposeConv2d(op) => op.weight_shape(input),
            Op::Svdf(op) => Some(op.weight_shape(input)),
            Op::Constant(op) => Some(op.shape.clone()),
            Op::Unary(op) => op.weight_shape(),
            Op::Embedding(op) => Some(Shape::from([op.rows, op.width])),
            Op::Add(_)
            | Op::Binary(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_) => None,
        }
    }

    /// Output channels of an operator with weights: the number of biases, multipliers and scales.
    pub fn weight_channels(&self, input: &Shape) -> Option<usize> {
        match self {
            Op::Conv2d(op) => Some(op.out_channels),
            Op::DepthwiseConv2d(op) => input.hwc().map(|[_, _, c]| c * op.multiplier),
            Op::Dense(op) => Some(op.out_features),
            Op::TransposeConv2d(op) => Some(op.out_channels),
            Op::Lstm(op) => Some(op.hidden.saturating_mul(GATES)),
            Op::Recurrent(op) => Some(op.hidden.saturating_mul(op.cell.biases())),
            Op::DartsCell(op) => Some(op.rows().saturating_mul(op.stages())),
            // Beside the biases the weights over time.
            Op::Svdf(op) => Some(op.units.saturating_add(op.state())),
            // Scales and zero points are those of tensors.
            Op::Constant(_) | Op::Embedding(_) => Some(0),
            Op::Unary(op) => op.weight_shape().map(|_| 0),
            Op::Add(_)
            | Op::Binary(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_) => None,
        }
    }

    /// Scales of int8 weights, unless one serves all: one per output channel, or of recurrent
    /// layers one per part (inputs, hidden values) and row, of a long short-term memory per part and gate.
    pub fn weight_scales(&self, input: &Shape) -> Option<usize> {
        match self {
            Op::Lstm(_) => Some(2 * GATES),
            Op::Recurrent(op) => Some(op.rows().saturating_mul(2)),
            Op::DartsCell(op) => Some(op.rows().saturating_mul(op.parts())),
            Op::Svdf(_) => Some(2),
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_)
            | Op::TransposeConv2d(_)
            | Op::Constant(_) => self.weight_channels(input),
        }
    }

    /// Multiply-accumulates of one inference (padded taps counted, as is customary).
    pub fn macs(&self, input: &Shape, output: &Shape) -> u64 {
        let out = output.elements() as u64;
        if let Op::Matmul(op) = self {
            return out.saturating_mul(op.depth(input) as u64);
        }
        let Some(weights) = self.weight_shape(input) else {
            return 0;
        };
        let taps = weights.elements() as u64;
        match self {
            // Every pixel of the input takes all taps of each filter.
            Op::TransposeConv2d(_) => {
                let channels = input.hwc().map_or(1, |[_, _, channels]| channels);
                let pixels = input.elements() / channels.max(1);
                (pixels as u64).saturating_mul(taps)
            }
            // Every step takes all weights.
            Op::Lstm(Lstm { hidden, .. })
            | Op::Recurrent(Recurrent { hidden, .. })
            | Op::DartsCell(DartsCell { hidden, .. }) => {
                (out / (*hidden).max(1) as u64).saturating_mul(taps)
            }
            // Every number that is kept is weighted once more.
            Op::Svdf(op) => taps.saturating_add(op.state() as u64),
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_)
            | Op::Constant(_) => match self.weight_channels(input) {
                Some(channels @ 1..) => out.saturating_mul(taps / channels as u64),
                None | Some(0) => 0,
            },
        }
    }

    /// Numbers that a node keeps from call to call.
    pub fn state(&self) -> usize {
        match self {
            Op::Svdf(op) => op.state(),
            Op::Recurrent(op) => op.state(),
            Op::DartsCell(op) => op.state(),
            Op::Lstm(op) => op.state(),
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::Binary(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::TransposeConv2d(_)
            | Op::ResizeBilinear(_)
            | Op::Matmul(_)
            | Op::Unary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Constant(_) => 0,
        }
    }
}
