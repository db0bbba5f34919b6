//! Where a network is too large: the genes to blame for each resource, most to blame first.
//!
//! RAM: liveness over the graph's own order (a tensor lives from its producer to its last reader, the
//! input from before the first node, the output to the end); at the step with the most live bytes the
//! producers of the live tensors are to blame, largest tensor first. The planner may reorder and
//! reuse in place, so this is a guide for repairs; only [`crate::Price`] decides what fits. Flash:
//! bytes of weights. Instructions and multiply-accumulates: multiply-accumulates per gene.
//! Cost: O(nodes · tensors).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ember_ir::Graph;

use crate::constraint::Resource;
use crate::space::{Assembled, Part};

/// The genes to shrink to lower `resource`, most effective first. Genes that contribute nothing are
/// left out; [`Part::Pool`] closes the list for everything that depends on the map's size.
pub fn blame(assembled: &Assembled, resource: Resource) -> Vec<Part> {
    let mut share: BTreeMap<Part, u64> = BTreeMap::new();
    let graph = &assembled.graph;
    match resource {
        Resource::Ram => {
            for (node, bytes) in live_at_peak(graph) {
                let entry = share.entry(assembled.parts[node]).or_default();
                *entry = (*entry).max(bytes);
            }
        }
        Resource::Flash => {
            for (node, part) in graph.nodes.iter().zip(&assembled.parts) {
                let input = graph.input_shape(node);
                let weights = node
                    .op
                    .weight_shape(input)
                    .map_or(0, |shape| shape.elements());
                // Bias, multiplier and exponent of a channel take nine bytes.
                let channels = node.op.weight_channels(input).unwrap_or(0);
                *share.entry(*part).or_default() += (weights + 9 * channels) as u64;
            }
        }
        Resource::Instructions | Resource::Macs => {
            for (node, part) in graph.nodes.iter().zip(&assembled.parts) {
                let macs = node
                    .op
                    .macs(graph.input_shape(node), graph.output_shape(node));
                *share.entry(*part).or_default() += macs;
            }
        }
    }
    let mut blamed: Vec<(Part, u64)> = share
        .into_iter()
        .filter(|&(_, amount)| amount > 0)
        .collect();
    blamed.sort_by_key(|&(part, amount)| (Reverse(amount), part));
    let mut parts: Vec<Part> = blamed.into_iter().map(|(part, _)| part).collect();
    match resource {
        Resource::Ram | Resource::Instructions | Resource::Macs => {
            parts.retain(|&part| part != Part::Pool);
            parts.push(Part::Pool);
        }
        Resource::Flash => {}
    }
    parts
}

/// Producing node and bytes of every tensor that is alive at the step with the most live bytes,
/// without the graph's inputs, which nothing can shrink.
fn live_at_peak(graph: &Graph) -> Vec<(usize, u64)> {
    let steps = graph.nodes.len();
    let mut last_use = vec![0; graph.tensors.len()];
    for (step, node) in graph.nodes.iter().enumerate() {
        for &input in &node.inputs {
            last_use[input.0] = step;
        }
    }
    for &output in &graph.outputs {
        last_use[output.0] = steps;
    }
    let bytes = |tensor: usize| graph.tensors[tensor].shape.elements() as u64;
    let given: Vec<(usize, usize)> = graph.inputs.iter().map(|id| (id.0, 0)).collect();
    let made = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(step, node)| (node.output.0, step));
    let born: Vec<(usize, usize)> = given.into_iter().chain(made).collect();
    let last_use = &last_use;
    let live = |step: usize| {
        born.iter()
            .copied()
            .filter(move |&(_, birth)| birth <= step)
            .filter(move |&(tensor, _)| last_use[tensor] >= step)
    };
    let peak = (0..steps).max_by_key(|&step| {
        let total: u64 = live(step).map(|(tensor, _)| bytes(tensor)).sum();
        (total, Reverse(step))
    });
    let Some(peak) = peak else {
        return Vec::new();
    };
    live(peak)
        .filter(|&(tensor, _)| !graph.inputs.iter().any(|id| id.0 == tensor))
        .map(|(tensor, step)| (step, bytes(tensor)))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use super::*;
    use crate::space::{Architecture, Block, Border, Head, SpaceKind, Task, Window, open};
    use ember_ir::{Activation, Shape};

    #[test]
    fn each_resource_has_its_own_culprit() {
        let task = Task {
            name: "net".into(),
            input: Shape::from([16, 16, 1]),
            classes: 10,
            tokens: None,
        };
        let space = open(SpaceKind::Cnn2d, task).unwrap();
        let window = |stride| Window {
            kernel: 3,
            stride,
            dilation: 1,
            padding: Border::Same,
        };
        let network = Architecture {
            pool: 1,
            blocks: vec![
                // Large maps, few weights.
                Block::Conv {
                    width: 16,
                    window: window(1),
                },
                // Many weights, small maps.
                Block::Conv {
                    width: 64,
                    window: window(4),
                },
            ],
            head: Head::Mean,
            hidden: None,
            activation: Activation::Relu,
        };
        let assembled = space.assemble(&network);
        let ram = blame(&assembled, Resource::Ram);
        assert_eq!((ram[0], ram.last()), (Part::Block(0), Some(&Part::Pool)));
        let flash = blame(&assembled, Resource::Flash);
        assert_eq!(flash, [Part::Block(1), Part::Logits, Part::Block(0)]);
        assert_eq!(blame(&assembled, Resource::Macs)[0], Part::Block(1));
    }
}
