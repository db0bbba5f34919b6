//! Graph to genes: which network of a space a graph is, if it is one. The inverse of [`super::blocks`].
//!
//! A graph is read block by block, from its input on. What the next nodes look like says which blocks may
//! begin there ([`candidates`]); each is built by the same code that builds networks, and its nodes are looked
//! for in the graph ([`Trace::follow`]): the same operator, reading the same tensors. So what is recognised
//! assembles to the graph it was read from, up to names and the order of nodes, by construction. Where a block
//! leads nowhere the next candidate is tried; a tensor from which no way led to the logits is not entered
//! again, so the work is bounded by nodes times candidates.

mod candidates;
mod reasons;
mod trace;

use std::collections::BTreeSet;

use ember_codegen::text;
use ember_ir::{Activation, Element, Graph, Node, Op, TensorId};

use self::trace::{Difference, Trace};
use super::architecture::{Architecture, Head};
use super::assembled::Task;
use super::blocks::{Assembly, PoolKind};
use super::menu::Menu;

/// Why a graph is no network of a space.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{node}`: {reason}")]
pub struct Unrecognised {
    /// The tensor, or the node that writes it, where reading ended.
    pub node: String,
    /// What is there, and what a network of the space would have.
    pub reason: String,
}

/// Most blocks of a network that is read: as many as a configuration may ask for.
const MOST_BLOCKS: usize = 64;

/// The genes of `graph` in the space of `menu`.
pub(super) fn recognise(menu: &Menu, graph: &Graph) -> Result<Architecture, Unrecognised> {
    let mut reader = Reader::open(menu, graph)?;
    for pool in reader.pools() {
        let mut trace = reader.begin();
        let pooled = trace.build(graph, |assembly, x| {
            assembly.pool("pool0", PoolKind::Average, pool, x)
        });
        match pooled {
            Err(difference) => reader.note(difference),
            Ok(()) => {
                if let Some(end) = reader.body(&trace) {
                    return reader.allowed(Architecture { pool, ..end });
                }
            }
        }
    }
    Err(reader.refusal())
}

struct Reader<'a> {
    menu: &'a Menu,
    graph: &'a Graph,
    task: Task,
    activation: Activation,
    /// Where the network begins.
    first: TensorId,
    logits: TensorId,
    /// Nodes to be read: all but a softmax behind the logits and a table in front of an embedding.
    nodes: usize,
    /// Tensors from which no way leads to the logits.
    dead_ends: BTreeSet<TensorId>,
    /// The difference that came last, by the nodes that were the same before it.
    furthest: Option<Difference>,
}

impl<'a> Reader<'a> {
    fn open(menu: &'a Menu, graph: &'a Graph) -> Result<Self, Unrecognised> {
        let refuse = |id: TensorId, reason: String| Unrecognised {
            node: graph.tensor(id).name.clone(),
            reason,
        };
        let (&[input], &[output]) = (graph.inputs.as_slice(), graph.outputs.as_slice()) else {
            return Err(Unrecognised {
                node: graph.name.clone(),
                reason: format!(
                    "it has {} inputs and {} outputs; a network of a space has one of each",
                    graph.inputs.len(),
                    graph.outputs.len()
                ),
            });
        };
        let wide = graph
            .tensors
            .iter()
            .position(|t| t.element != Element::Int8);
        if let Some(wide) = wide {
            let reason = "it is int16; networks of a space are int8".to_string();
            return Err(refuse(TensorId(wide), reason));
        }
        // A classifier's probabilities are as good as its logits.
        let end = graph.nodes.iter().find(|node| node.output == output);
        let (logits, nodes) = match end {
            Some(Node {
                op: Op::Softmax(_) | Op::LogSoftmax(_),
                inputs,
                ..
            }) => (inputs[0], graph.nodes.len() - 1),
            _ => (output, graph.nodes.len()),
        };
        // What turns bytes into numbers comes with the data.
        let of_bytes =
            text::reads_bytes(graph).then(|| candidates::readers(graph, input)[0].output);
        let (first, nodes) = match of_bytes {
            Some(numbers) => (numbers, nodes - 1),
            None => (input, nodes),
        };
        let activations = graph.nodes.iter().map(|node| node.op.activation());
        let activation = activations.into_iter().find(|&a| a != Activation::None);
        let activation = activation.unwrap_or(menu.activations[0]);
        let task = Task {
            name: graph.name.clone(),
            input: graph.tensor(input).shape.clone(),
            classes: graph.tensor(logits).shape.elements(),
            tokens: None,
        };
        if task.input.elements() == 0 || task.classes == 0 {
            return Err(refuse(input, "it has no elements".to_string()));
        }
        Ok(Self {
            menu,
            graph,
            task,
            activation,
            first,
            logits,
            nodes,
            dead_ends: BTreeSet::new(),
            furthest: None,
        })
    }

    fn begin(&self) -> Trace {
        let (assembly, input) = Assembly::new(&self.task.name, &self.task.input, self.activation);
        Trace::new(assembly, input, self.first)
    }

    /// Poolings of the input that the graph may begin with.
    fn pools(&self) -> Vec<usize> {
        let first = candidates::readers(self.graph, self.first);
        let pools = first.iter().filter_map(|node| match &node.op {
            Op::AveragePool2d(op) => Some(op.window.kernel[0].max(op.window.kernel[1])),
            _ => None,
        });
        pools.take(1).chain([1]).collect()
    }

    /// The rest of the network, read from where `trace` stands; its genes but for the pooling of the input.
    fn body(&mut self, trace: &Trace) -> Option<Architecture> {
        let at = trace.place();
        if trace.blocks.len() > MOST_BLOCKS || self.dead_ends.contains(&at) {
            return None;
        }
        if let Some(end) = self.end(trace) {
            return Some(end);
        }
        for block in candidates::candidates(self.graph, at) {
            if let Some(difference) = self.not_offered(&block, trace) {
                self.note(difference);
                continue;
            }
            let mut longer = trace.clone();
            let number = longer.blocks.len() + 1;
            let built = longer.build(self.graph, |assembly, x| assembly.block(number, &block, x));
            match built {
                Ok(()) => {
                    longer.blocks.push(block);
                    if let Some(end) = self.body(&longer) {
                        return Some(end);
                    }
                }
                Err(difference) => self.note(difference.of(&block.to_string())),
            }
        }
        if candidates::candidates(self.graph, at).is_empty() {
            self.note(self.nothing_begins(trace));
        }
        self.dead_ends.insert(at);
        None
    }

    /// Head, hidden layer and logits, if that is what comes next.
    fn end(&mut self, trace: &Trace) -> Option<Architecture> {
        // In the order of the menu, since where there is nothing to pool all are the same.
        let mut heads: Vec<Head> = Vec::new();
        for &head in &self.menu.heads {
            if !heads.contains(&head) {
                heads.push(head);
            }
        }
        for head in heads {
            let mut ended = trace.clone();
            let built = ended.build(self.graph, |assembly, x| assembly.head(head, x));
            if built.is_err() {
                continue;
            }
            for hidden in self.hidden(ended.place()) {
                let mut whole = ended.clone();
                let activation = self.activation;
                let classes = self.task.classes;
                let built = whole.build(self.graph, |assembly, mut x| {
                    if let Some(width) = hidden {
                        x = assembly.dense("hidden".into(), width, activation, x);
                    }
                    assembly.dense("logits".into(), classes, Activation::None, x)
                });
                if built.is_ok() && whole.place() == self.logits && whole.length() == self.nodes {
                    return Some(Architecture {
                        pool: 1,
                        blocks: whole.blocks,
                        head,
                        hidden,
                        activation,
                    });
                }
            }
        }
        None
    }

    /// Widths that a layer before the logits may have, none first.
    fn hidden(&self, at: TensorId) -> Vec<Option<usize>> {
        let mut widths = vec![None];
        if self.menu.hidden.iter().any(Option::is_some) {
            let readers = candidates::readers(self.graph, at).into_iter();
            widths.extend(readers.filter_map(|node| match &node.op {
                Op::Dense(op) if node.output != self.logits => Some(Some(op.out_features)),
                _ => None,
            }));
        }
        widths
    }

    /// Keeps the difference that most of the network comes before.
    fn note(&mut self, difference: Difference) {
        let rank = |difference: &Difference| (difference.length, difference.is_near);
        if self
            .furthest
            .as_ref()
            .is_none_or(|known| rank(&difference) > rank(known))
        {
            self.furthest = Some(difference);
        }
    }

    fn refusal(self) -> Unrecognised {
        self.furthest.map_or_else(
            || Unrecognised {
                node: self.graph.tensor(self.logits).name.clone(),
                reason: "it does not come from the input through blocks of the space".into(),
            },
            |difference| difference.why,
        )
    }

    /// The network, if what is allowed of the space has it.
    fn allowed(&self, found: Architecture) -> Result<Architecture, Unrecognised> {
        let refuse = |reason: String| Unrecognised {
            node: self.graph.name.clone(),
            reason,
        };
        if !self.menu.activations.contains(&found.activation) {
            return Err(refuse(format!(
                "its activation is {:?}, which is not offered here",
                found.activation
            )));
        }
        let nearest = self.menu.allowed.nearest(&found);
        if nearest == found {
            return Ok(found);
        }
        Err(refuse(format!(
            "[space] does not allow it: it is {found}; the nearest that is allowed is {nearest}"
        )))
    }
}

#[cfg(test)]
mod tests;
