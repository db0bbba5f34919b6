//! How far a graph is read: the genes so far, and for each tensor that they build the one of the graph.

use ember_ir::{Graph, Node, Op, TensorId, text};

use super::Unrecognised;
use crate::space::architecture::Block;
use crate::space::blocks::Assembly;

/// A network under construction beside the graph that it should be.
#[derive(Clone)]
pub(super) struct Trace {
    assembly: Assembly,
    /// The tensor of the graph that each tensor built is.
    counterparts: Vec<TensorId>,
    /// The last tensor built.
    x: TensorId,
    pub(super) blocks: Vec<Block>,
}

/// Where graph and genes part.
pub(super) struct Difference {
    /// Nodes that were the same before.
    pub length: usize,
    /// Whether the node that is there is of the same kind as the one expected.
    pub is_near: bool,
    pub why: Unrecognised,
}

impl Difference {
    /// Of a block that would have gone on otherwise.
    pub(super) fn of(mut self, block: &str) -> Self {
        self.why.reason = format!("{} as part of a block `{block}`", self.why.reason);
        self
    }
}

impl From<Difference> for Unrecognised {
    fn from(difference: Difference) -> Self {
        difference.why
    }
}

impl Trace {
    pub(super) fn new(assembly: Assembly, built: TensorId, input: TensorId) -> Self {
        Self {
            assembly,
            counterparts: vec![input],
            x: built,
            blocks: Vec::new(),
        }
    }

    /// The tensor of the graph where it stands.
    pub(super) fn place(&self) -> TensorId {
        self.counterparts[self.x.0]
    }

    /// Nodes read.
    pub(super) fn length(&self) -> usize {
        self.counterparts.len() - 1
    }

    /// Builds a piece and looks for its nodes in the graph.
    pub(super) fn build(
        &mut self,
        graph: &Graph,
        piece: impl FnOnce(&mut Assembly, TensorId) -> TensorId,
    ) -> Result<(), Difference> {
        self.x = piece(&mut self.assembly, self.x);
        self.follow(graph)
    }

    fn follow(&mut self, graph: &Graph) -> Result<(), Difference> {
        while let Some(built) = self.assembly.builder.nodes().get(self.length()) {
            let inputs = built.inputs.iter().map(|id| self.counterparts[id.0]);
            let inputs: Vec<TensorId> = inputs.collect();
            let is_free = |node: &&Node| !self.counterparts.contains(&node.output);
            let mut free = graph.nodes.iter().filter(is_free);
            let same = free.find(|node| node.op == built.op && reads(node, &inputs));
            match same {
                Some(node) => self.counterparts.push(node.output),
                None => return Err(self.difference(graph, &built.op, &inputs)),
            }
        }
        Ok(())
    }

    fn difference(&self, graph: &Graph, expected: &Op, inputs: &[TensorId]) -> Difference {
        let is_free = |node: &&Node| !self.counterparts.contains(&node.output);
        let reads = |node: &&Node| node.inputs.iter().any(|id| inputs.contains(id));
        let readers = || graph.nodes.iter().filter(is_free).filter(reads);
        let alike = readers().find(|node| node.op.name() == expected.name());
        let expected_text = text::print_op(expected);
        let (node, reason) = match alike.or_else(|| readers().next()) {
            Some(node) => {
                let there = text::print_op(&node.op);
                let reason = if node.op == *expected {
                    format!("it reads other tensors than the `{there}` that would be here")
                } else {
                    format!("it is `{there}`, where `{expected_text}` would be")
                };
                (node.output, reason)
            }
            None => (
                inputs[0],
                format!("nothing more reads it, where `{expected_text}` would"),
            ),
        };
        Difference {
            length: self.length(),
            is_near: alike.is_some(),
            why: Unrecognised {
                node: graph.tensor(node).name.clone(),
                reason,
            },
        }
    }
}

/// Whether the node reads these tensors; a sum in any order.
fn reads(node: &Node, inputs: &[TensorId]) -> bool {
    let is_sum = matches!(node.op, Op::Add(_));
    node.inputs == inputs || (is_sum && node.inputs.iter().rev().eq(inputs))
}
