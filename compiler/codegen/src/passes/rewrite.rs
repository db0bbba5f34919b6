//! Rebuilding a network without some of its nodes.

use ember_ir::{FloatGraph, Graph, Node, QuantGraph, Real, TensorId};

use super::remove_dead;

/// A network that passes work on: a topology and what it says of nodes and tensors.
pub(super) trait Network: Sized {
    /// The topology.
    fn graph(&self) -> &Graph;
    /// The topology, to change it.
    fn graph_mut(&mut self) -> &mut Graph;
    /// Drops what is said of nodes and tensors that are not kept.
    fn retain(&mut self, nodes: &[bool], tensors: &[bool]);
    /// Whether a value, in a tensor, is what a padded tap of a convolution reads.
    fn is_zero(&self, tensor: TensorId, value: Real) -> bool;
}

impl Network for FloatGraph {
    fn graph(&self) -> &Graph {
        &self.graph
    }

    fn graph_mut(&mut self) -> &mut Graph {
        &mut self.graph
    }

    fn retain(&mut self, nodes: &[bool], _tensors: &[bool]) {
        retain(&mut self.params, nodes);
    }

    fn is_zero(&self, _tensor: TensorId, value: Real) -> bool {
        value.get() == 0.0
    }
}

impl Network for QuantGraph {
    fn graph(&self) -> &Graph {
        &self.graph
    }

    fn graph_mut(&mut self) -> &mut Graph {
        &mut self.graph
    }

    fn retain(&mut self, nodes: &[bool], tensors: &[bool]) {
        retain(&mut self.params, nodes);
        retain(&mut self.roundings, nodes);
        retain(&mut self.quants, tensors);
    }

    fn is_zero(&self, tensor: TensorId, value: Real) -> bool {
        let quant = self.quants[tensor.0];
        quant.quantize(value.get()) == quant.zero_point
    }
}

fn retain<T>(list: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    list.retain(|_| keep.next() == Some(&true));
}

/// The network without the nodes for which `keep` is false. A dropped node's output is no longer
/// written: nothing that is kept may read it, and it may be no output of the graph. Tensors that are
/// left without a writer go as well, so ids change.
pub(super) fn retain_nodes<N: Network>(mut network: N, keep: &[bool]) -> N {
    let graph = network.graph_mut();
    retain(&mut graph.nodes, keep);
    let mut written = vec![false; graph.tensors.len()];
    for input in &graph.inputs {
        written[input.0] = true;
    }
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
    retain(&mut graph.tensors, &written);
    network.retain(keep, &written);
    network
}

/// Runs a step until it changes nothing. What it leaves unread goes after each time, since it counts as a
/// reader of what it reads.
pub(super) fn settle<N: Network>(mut network: N, step: fn(N) -> N) -> N {
    loop {
        let before = network.graph().clone();
        network = remove_dead::run(step(network));
        if *network.graph() == before {
            return network;
        }
    }
}

/// Makes every reader of `from` read `to` instead.
pub(super) fn redirect(graph: &mut Graph, from: TensorId, to: TensorId) {
    let readers = graph.nodes.iter_mut().flat_map(|node| &mut node.inputs);
    for input in readers {
        if *input == from {
            *input = to;
        }
    }
}

/// The node that writes a tensor, unless it is an input of the network.
pub(super) fn writer(graph: &Graph, tensor: TensorId) -> Option<usize> {
    graph.nodes.iter().position(|node| node.output == tensor)
}

/// Whether nothing but one operand of one node reads a tensor.
pub(super) fn is_read_once(graph: &Graph, tensor: TensorId) -> bool {
    let operands = graph.nodes.iter().flat_map(|node: &Node| &node.inputs);
    !graph.outputs.contains(&tensor) && operands.filter(|&&input| input == tensor).count() == 1
}
