//! Operators that move elements, but leave all where they are, become reshapes, which cost nothing on the
//! device: transpositions of axes of one element, slices of everything, concatenations of one tensor.

use ember_ir::{Graph, Node, Op, Reshape, Shape};

use super::rewrite::Network;

/// Runs the pass.
pub(super) fn run<N: Network>(mut network: N) -> N {
    let graph = network.graph_mut();
    for index in 0..graph.nodes.len() {
        if moves_nothing(graph, &graph.nodes[index]) {
            let shape = graph.output_shape(&graph.nodes[index]).clone();
            graph.nodes[index].op = Op::Reshape(Reshape { shape });
        }
    }
    network
}

/// Whether the output's memory equals that of the input.
fn moves_nothing(graph: &Graph, node: &Node) -> bool {
    let (Op::Move(op), &[input]) = (&node.op, node.inputs.as_slice()) else {
        return false;
    };
    let input: &Shape = &graph.tensor(input).shape;
    if input.elements() != graph.output_shape(node).elements() {
        return false;
    }
    let blocks = op.blocks(&[input]);
    let [block] = blocks.as_slice() else {
        return false;
    };
    // Along each axis, elements lie in the input as far from the first as they do in the output.
    let firsts: usize = block.axes.iter().map(|axis| axis.sources[0]).sum();
    firsts == block.write
        && block.axes.iter().all(|axis| {
            let mut sources = axis.sources.iter().enumerate();
            sources.all(|(index, &source)| source == axis.sources[0] + index * axis.pitch)
        })
}
