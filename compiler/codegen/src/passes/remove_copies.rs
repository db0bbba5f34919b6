//! Drops nodes of an int8 network that copy their input: reshapes to the same shape, pools over one element,
//! and functions of one number whose table is the identity, such as a ReLU where −128 stands for zero.

use ember_ir::{Node, Op, QuantGraph};

use super::remove_identity::copies;
use super::rewrite;
use crate::lower::unary;

/// Runs the pass. A copy that is an output of the network stays: its tensor's name is the network's
/// interface. A table between different parameters stays as well: its readers go by them.
pub(super) fn run(mut network: QuantGraph) -> QuantGraph {
    let mut keep = vec![true; network.graph.nodes.len()];
    for (index, keep) in keep.iter_mut().enumerate() {
        let node = &network.graph.nodes[index];
        if !is_copy(&network, index, node) || network.graph.outputs.contains(&node.output) {
            continue;
        }
        let (from, to) = (node.output, node.inputs[0]);
        rewrite::redirect(&mut network.graph, from, to);
        *keep = false;
    }
    rewrite::retain_nodes(network, &keep)
}

fn is_copy(network: &QuantGraph, index: usize, node: &Node) -> bool {
    match &node.op {
        Op::Reshape(op) => op.shape == *network.graph.input_shape(node),
        Op::AveragePool2d(op) => copies(&op.window, op.activation),
        Op::MaxPool2d(op) => copies(&op.window, op.activation),
        Op::Unary(op) => {
            let [input, output] = [node.inputs[0], node.output].map(|id| network.quants[id.0]);
            let table = unary::table_of(op, network.params[index].as_ref(), input, output);
            let mut inputs = table.iter().enumerate();
            input == output && inputs.all(|(byte, &y)| y == (byte as u8).cast_signed())
        }
        Op::Conv2d(_)
        | Op::DepthwiseConv2d(_)
        | Op::Dense(_)
        | Op::Add(_)
        | Op::Mean(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::TransposeConv2d(_)
        | Op::ResizeBilinear(_)
        | Op::Matmul(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Svdf(_)
        | Op::Binary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Constant(_) => false,
    }
}
