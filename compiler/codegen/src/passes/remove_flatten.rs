//! Drops reshapes that change nothing for their readers: a dense layer reads its input in memory
//! order, whatever its shape, and a reshape of a reshape needs only the last.

use ember_ir::{Dense, Op, TensorId};

use super::rewrite::{self, Network};

/// Runs the pass: readers that do not care are pointed at the source, then reshapes without readers
/// go. Those that are an output of the network stay.
pub(super) fn run<N: Network>(mut network: N) -> N {
    let graph = network.graph_mut();
    // What lies behind the reshapes of each tensor; sources come before their readers.
    let mut source: Vec<TensorId> = (0..graph.tensors.len()).map(TensorId).collect();
    for node in &graph.nodes {
        if let Op::Reshape(_) = node.op {
            source[node.output.0] = source[node.inputs[0].0];
        }
    }
    for node in &mut graph.nodes {
        match node.op {
            Op::Dense(Dense {
                over_rows: false, ..
            })
            | Op::Reshape(_) => node.inputs[0] = source[node.inputs[0].0],
            Op::Dense(_)
            | Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
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
            | Op::Constant(_) => {}
        }
    }
    let read = |id: TensorId| {
        graph.outputs.contains(&id) || graph.nodes.iter().any(|node| node.inputs.contains(&id))
    };
    let keep: Vec<bool> = graph
        .nodes
        .iter()
        .map(|node| !matches!(node.op, Op::Reshape(_)) || read(node.output))
        .collect();
    rewrite::retain_nodes(network, &keep)
}
