//! Live bytes: what an execution order needs at each step, before anything has an offset.
//!
//! No plan of the order is smaller. Proof: at a step the live storages and the scratch are disjoint,
//! except for the output and one dying input, which take at least [`Sharing::span`] together. A plan
//! that lets them share less, or merges storages into buffers that are as large as the largest, takes
//! no less. It may take more: the outputs of several layers in a row cannot all lie below their inputs
//! where the arena begins.

use ember_ir::Graph;

use super::sharing::Sharing;
use super::storage::Storages;

/// Live bytes at the fullest step of an order, outputs over dying inputs where they can be.
pub(super) fn peak_bytes(graph: &Graph, storages: &Storages, order: &[usize]) -> usize {
    let mut done = vec![false; graph.nodes.len()];
    let mut peak = start_bytes(storages);
    let mut live = live_after_start(storages);
    for &node in order {
        let step = Step::new(graph, storages, live, node, |other| done[other]);
        done[node] = true;
        peak = peak.max(step.bytes);
        live = step.live_after;
    }
    peak
}

/// All inputs are written before the first node runs.
pub(super) fn start_bytes(storages: &Storages) -> usize {
    let inputs = storages
        .all
        .iter()
        .filter(|storage| storage.producer.is_none());
    inputs
        .map(|storage| storage.bytes)
        .fold(0, usize::saturating_add)
}

/// Inputs that nobody reads are gone by then.
pub(super) fn live_after_start(storages: &Storages) -> usize {
    let inputs = storages.all.iter().filter(|storage| {
        storage.producer.is_none() && (storage.is_output || !storage.readers.is_empty())
    });
    inputs
        .map(|storage| storage.bytes)
        .fold(0, usize::saturating_add)
}

/// Bytes that some step needs in any order.
pub(super) fn unavoidable_bytes(graph: &Graph, storages: &Storages) -> usize {
    let steps = (0..graph.nodes.len()).map(|node| {
        let mut inputs: Vec<usize> = inputs_of(graph, storages, node).collect();
        inputs.dedup();
        let live = inputs
            .iter()
            .map(|&storage| storages.all[storage].bytes)
            .fold(0, usize::saturating_add);
        Step::new(graph, storages, live, node, |_| true).bytes
    });
    steps.fold(start_bytes(storages), usize::max)
}

fn inputs_of<'a>(
    graph: &'a Graph,
    storages: &'a Storages,
    node: usize,
) -> impl Iterator<Item = usize> + 'a {
    let inputs = graph.nodes[node].inputs.iter();
    inputs.map(|input| storages.of_tensor[input.0])
}

/// What executing a node does to the memory.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// Live bytes while it runs.
    pub bytes: usize,
    /// Live bytes after it.
    pub live_after: usize,
}

impl Step {
    /// `live` are the bytes that are live before it, `done` tells which nodes have run.
    pub fn new(
        graph: &Graph,
        storages: &Storages,
        live: usize,
        node: usize,
        done: impl Fn(usize) -> bool,
    ) -> Self {
        let mut inputs: Vec<usize> = inputs_of(graph, storages, node).collect();
        inputs.dedup();
        inputs.retain(|&input| {
            let storage = &storages.all[input];
            storage.bytes > 0
                && !storage.is_output
                && storage
                    .readers
                    .iter()
                    .all(|&reader| reader == node || done(reader))
        });
        let dying = inputs
            .iter()
            .map(|&input| storages.all[input].bytes)
            .fold(0, usize::saturating_add);
        let output = &storages.all[storages.of_tensor[graph.nodes[node].output.0]];
        let writes = output.producer == Some(node);
        let written = if writes { output.bytes } else { 0 };
        let wants = storages.wants[node];
        // Where two inputs die, as those of an addition, they are of one size.
        let shared = match inputs.first() {
            Some(&input) if writes && wants.sharing != Sharing::Never => {
                let input = storages.all[input].bytes;
                input.saturating_add(written) - wants.sharing.span(input, written)
            }
            _ => 0,
        };
        let kept = output.is_output || !output.readers.is_empty();
        let bytes = live
            .saturating_add(written)
            .saturating_sub(shared)
            .saturating_add(wants.scratch);
        let after = live.saturating_add(if kept { written } else { 0 });
        Self {
            bytes,
            live_after: after.saturating_sub(dying),
        }
    }
}
