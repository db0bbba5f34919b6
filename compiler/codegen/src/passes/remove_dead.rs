//! Drops nodes whose results reach no output of the network.

use super::rewrite::{self, Network};

/// Runs the pass. Inputs stay, also unread ones: they are the network's interface.
pub(super) fn run<N: Network>(network: N) -> N {
    let graph = network.graph();
    let mut wanted = vec![false; graph.tensors.len()];
    for output in &graph.outputs {
        wanted[output.0] = true;
    }
    let mut keep = vec![false; graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate().rev() {
        keep[index] = wanted[node.output.0];
        if keep[index] {
            for input in &node.inputs {
                wanted[input.0] = true;
            }
        }
    }
    rewrite::retain_nodes(network, &keep)
}
