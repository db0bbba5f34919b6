//! Whether all layers of an operator have their channels in whole groups: code for the last few channels is
//! then not linked.

use ember_ir::{Graph, Op};
use ember_runtime::packing::ROWS;
use ember_runtime::scratch::CHANNELS;

use crate::{convolution, dot};

/// Of the operator of one node of a graph; no for operators whose kernels have no groups.
pub(crate) fn of(graph: &Graph, op: &Op) -> bool {
    let channels = |node: &ember_ir::Node| {
        let [.., channels] = graph.output_shape(node).hwc().unwrap_or_default();
        channels
    };
    graph.nodes.iter().all(|node| match (op, &node.op) {
        // Their kernel has no groups.
        _ if dot::is(graph, node) => true,
        _ if convolution::is(op) => {
            let channels = node.op.weight_channels(graph.input_shape(node));
            !convolution::is(&node.op) || channels.unwrap_or(0).is_multiple_of(CHANNELS)
        }
        (Op::DepthwiseConv2d(_), Op::DepthwiseConv2d(conv)) => {
            conv.multiplier == 1 && channels(node).is_multiple_of(CHANNELS)
        }
        (Op::Dense(_), Op::Dense(dense)) => {
            dense.over_rows || dense.out_features.is_multiple_of(ROWS)
        }
        (Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::Dense(_), _) => true,
        (
            Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Svdf(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_)
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_)
            | Op::TransposeConv2d(_)
            | Op::Constant(_),
            _,
        ) => false,
    })
}
