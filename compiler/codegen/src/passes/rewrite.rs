//! Rebuilding a network without some of its nodes.

use ember_ir::{FloatGraph, TensorId};

/// The network without the nodes for which `keep` is false. A dropped node's output is no longer
/// written: nothing that is kept may read it, and it may be no output of the graph. Tensors that are
/// left without a writer go as well, so ids change.
pub(super) fn retain_nodes(network: FloatGraph, keep: &[bool]) -> FloatGraph {
    let FloatGraph { mut graph, params } = network;
    let mut written = vec![false; graph.tensors.len()];
    for input in &graph.inputs {
        written[input.0] = true;
    }
    let kept = graph.nodes.into_iter().zip(params).zip(keep);
    let (nodes, params): (Vec<_>, Vec<_>) = kept
        .filter_map(|(node, &keep)| keep.then_some(node))
        .unzip();
    graph.nodes = nodes;
    for node in &graph.nodes {
        written[node.output.0] = true;
    }

    let mut ids = Vec::with_capacity(written.len());
    let mut next = 0;
    for &written in &written {
        ids.push(TensorId(next));
        next += usize::from(written);
    }
    let rename = |id: &mut TensorId| *id = ids[id.0];
    for node in &mut graph.nodes {
        node.inputs.iter_mut().for_each(rename);
        rename(&mut node.output);
    }
    graph.inputs.iter_mut().for_each(rename);
    graph.outputs.iter_mut().for_each(rename);
    let tensors = graph.tensors.into_iter().zip(&written);
    graph.tensors = tensors
        .filter_map(|(tensor, &written)| written.then_some(tensor))
        .collect();
    FloatGraph { graph, params }
}

/// Makes every reader of `from` read `to` instead.
pub(super) fn redirect(network: &mut FloatGraph, from: TensorId, to: TensorId) {
    let readers = network
        .graph
        .nodes
        .iter_mut()
        .flat_map(|node| &mut node.inputs);
    for input in readers {
        if *input == from {
            *input = to;
        }
    }
}
