//! A graph with a chain as one node, and the way back.

use ember_ir::{Graph, Node, TensorId};
use ember_runtime::scratch::Isa;

use super::layout::Layout;
use super::schedule::Draft;
use super::segment::Segment;
use super::{Chain, Lines, Makes, Stage};
use crate::plan::sharing::Wants;
use crate::plan::{Plan, Region};

/// The contracted graph.
pub(super) struct Contracted {
    pub graph: Graph,
    /// The original's index of each of its tensors.
    tensors: Vec<TensorId>,
    /// The chain's node in it.
    chain: usize,
}

impl Contracted {
    /// With `fed`, the input's rows come from outside: nothing holds it.
    pub fn new(graph: &Graph, segment: &Segment, fed: bool) -> Self {
        let inside = &graph.nodes[segment.nodes.clone()];
        let gone = |tensor: TensorId| {
            (fed && tensor == segment.input)
                || inside
                    .iter()
                    .any(|node| node.output == tensor && tensor != segment.output)
        };
        let tensors: Vec<TensorId> = (0..graph.tensors.len())
            .map(TensorId)
            .filter(|&tensor| !gone(tensor))
            .collect();
        let new = |tensor: &TensorId| tensors.iter().position(|kept| kept == tensor).map(TensorId);
        let all = |old: &[TensorId]| old.iter().filter_map(new).collect::<Vec<_>>();
        let one = |old: &TensorId| {
            new(old).unwrap_or_else(|| panic!("BUG: a chain lost a tensor that others need"))
        };
        let whole = |node: &Node| Node {
            inputs: all(&node.inputs),
            output: one(&node.output),
            ..node.clone()
        };
        let Some(last) = inside.last() else {
            panic!("BUG: a chain without nodes")
        };
        let chain = Node {
            inputs: all(&[segment.input]),
            output: one(&segment.output),
            ..(*last).clone()
        };
        let before = graph.nodes[..segment.nodes.start].iter().map(whole);
        let behind = graph.nodes[segment.nodes.end..].iter().map(whole);
        Self {
            graph: Graph {
                name: graph.name.clone(),
                nodes: before.chain([chain]).chain(behind).collect(),
                inputs: all(&graph.inputs),
                outputs: all(&graph.outputs),
                tensors: tensors
                    .iter()
                    .map(|&tensor| graph.tensor(tensor).clone())
                    .collect(),
            },
            tensors,
            chain: segment.nodes.start,
        }
    }

    /// What each node wants; the chain wants this.
    pub fn wants(&self, isa: Isa, chain: Wants) -> Vec<Wants> {
        let nodes = self.graph.nodes.iter().enumerate();
        nodes
            .map(|(index, node)| match index == self.chain {
                true => chain,
                false => Wants::of(&self.graph, node, isa),
            })
            .collect()
    }

    /// A plan of the contracted graph as one of the graph.
    pub fn expand(
        &self,
        graph: &Graph,
        segment: &Segment,
        plan: &Plan,
        draft: &Draft,
        layout: &Layout,
        fed: bool,
    ) -> Plan {
        let memory = plan.scratch[self.chain].offset;
        let placed = |region: Region| Region {
            offset: memory + region.offset,
            bytes: region.bytes,
        };
        let mut regions = vec![Region::EMPTY; graph.tensors.len()];
        for (tensor, region) in self.tensors.iter().zip(&plan.regions) {
            regions[tensor.0] = *region;
        }
        if let Some(fed) = layout.fed {
            regions[segment.input.0] = placed(fed);
        }
        let lines = |index: usize| Lines {
            tensor: draft.rows[index].tensor,
            region: placed(layout.lines[index]),
            row: draft.rows[index].bytes,
            timing: draft.rows[index].timing,
        };
        let mut scratch = vec![Region::EMPTY; graph.nodes.len()];
        let chain_end = segment.nodes.end;
        let original = |index: usize| match index < self.chain {
            true => index,
            false => index + chain_end - self.chain - 1,
        };
        for (index, region) in plan.scratch.iter().enumerate() {
            if index != self.chain {
                scratch[original(index)] = *region;
            }
        }
        let mut stages = Vec::new();
        for (index, step) in draft.steps.iter().enumerate() {
            if layout.scratch[index].bytes > 0 {
                scratch[step.node] = placed(layout.scratch[index]);
            }
            let reads = step.reads.iter().map(|&(rows, first, extent)| {
                let Lines { region, row, .. } = lines(rows);
                Region {
                    offset: region.offset + first * row,
                    bytes: extent * row,
                }
            });
            let makes = match (step.rows, layout.sums[index]) {
                (Some(rows), _) => {
                    let lines = lines(rows);
                    if lines.tensor != segment.output {
                        regions[lines.tensor.0] = lines.region;
                    }
                    Makes::Rows(lines)
                }
                (None, Some(sums)) => Makes::Sums {
                    region: placed(sums),
                    timing: step.makes,
                },
                (None, None) => panic!("BUG: a stage that makes nothing"),
            };
            stages.push(Stage {
                node: step.node,
                reads: reads.collect(),
                makes,
            });
        }
        let order = plan.order.iter().flat_map(|&node| {
            if node == self.chain {
                stages.iter().map(|stage| stage.node).collect()
            } else {
                vec![original(node)]
            }
        });
        Plan {
            order: order.collect(),
            regions,
            scratch,
            arena_bytes: plan.arena_bytes,
            chain: Some(Chain {
                ticks: draft.ticks,
                fed,
                input: lines(0),
                stages,
            }),
        }
    }
}
