//! How element-wise operators of two tensors read them.

use ember_ir::{Graph, Node, Op, TensorId};

/// Whether an addition has nothing but two tensors of the output's shape, both in the arena: what its own
/// kernel is for. Any other is one of the general kernel of functions of two tensors.
pub(crate) fn is_plain(graph: &Graph, node: &Node) -> bool {
    let output = graph.output_shape(node);
    node.inputs.iter().all(|&input| {
        graph.tensor(input).shape.elements() == output.elements() && !in_flash(graph, input)
    })
}

/// Whether a tensor is read where it lies in flash: a constant that element-wise operators and products
/// alone read. Any
/// other constant is copied to the arena, where all other kernels expect their inputs.
pub(crate) fn in_flash(graph: &Graph, tensor: TensorId) -> bool {
    let writer = graph.nodes.iter().find(|node| node.output == tensor);
    let constant = writer.is_some_and(|node| matches!(node.op, Op::Constant(_)));
    let mut readers = graph
        .nodes
        .iter()
        .filter(|node| node.inputs.contains(&tensor));
    constant
        && !graph.outputs.contains(&tensor)
        && readers.all(|node| matches!(node.op, Op::Add(_) | Op::Binary(_) | Op::Matmul(_)))
}

/// Whether no input in the arena is repeated, so that each of their elements is read once, before the
/// output's element of the same number is written.
pub(crate) fn is_aligned(graph: &Graph, node: &Node) -> bool {
    let output = graph.output_shape(node);
    node.inputs.iter().all(|&input| {
        graph.tensor(input).shape.elements() == output.elements() || in_flash(graph, input)
    })
}
