//! Drops nodes that copy their input: reshapes to the same shape, and pools over one element.

use ember_ir::{Activation, FloatGraph, Function, Graph, Node, Op, Padding, Window2d};

use super::rewrite;

/// Runs the pass. A copy that is an output of the network stays: its tensor's name is the network's
/// interface.
pub(super) fn run(mut network: FloatGraph) -> FloatGraph {
    // A step between scales is a copy once those that shared its scale are gone.
    loop {
        let nodes = network.graph.nodes.len();
        network = once(network);
        if network.graph.nodes.len() == nodes {
            return network;
        }
    }
}

fn once(mut network: FloatGraph) -> FloatGraph {
    let mut keep = vec![true; network.graph.nodes.len()];
    for (index, keep) in keep.iter_mut().enumerate() {
        let node = &network.graph.nodes[index];
        if !is_identity(&network.graph, node) || network.graph.outputs.contains(&node.output) {
            continue;
        }
        let (from, to) = (node.output, node.inputs[0]);
        rewrite::redirect(&mut network.graph, from, to);
        *keep = false;
    }
    rewrite::retain_nodes(network, &keep)
}

fn is_identity(graph: &Graph, node: &Node) -> bool {
    match &node.op {
        Op::Reshape(op) => op.shape == *graph.input_shape(node),
        Op::AveragePool2d(op) => copies(&op.window, op.activation),
        Op::MaxPool2d(op) => copies(&op.window, op.activation),
        Op::Conv2d(_)
        | Op::DepthwiseConv2d(_)
        | Op::Dense(_)
        | Op::Add(_)
        | Op::Mean(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::Svdf(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Binary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Matmul(_)
        | Op::ResizeBilinear(_)
        | Op::TransposeConv2d(_)
        | Op::Constant(_) => false,
        // Without quantisation, these are copies; but one before operators that share a scale keeps theirs
        // from a fixed one, a softmax's say.
        Op::Unary(op) => op.function == Function::Quantize && !is_shared(graph, node),
    }
}

/// Whether an operator whose inputs share its scale reads what a node writes.
fn is_shared(graph: &Graph, node: &Node) -> bool {
    let mut nodes = graph.nodes.iter();
    nodes.any(|reader| reader.op.shares_quant() && reader.inputs.contains(&node.output))
}

/// Whether a pool writes what it reads.
pub(super) fn copies(window: &Window2d, activation: Activation) -> bool {
    window.kernel == [1, 1]
        && window.stride == [1, 1]
        && window.padding == Padding::default()
        && activation == Activation::None
}
