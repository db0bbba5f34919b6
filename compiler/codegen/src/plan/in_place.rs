//! Lifetimes, and additions that write over an input that dies there.
//!
//! Time is counted in steps: graph inputs are written at step 0, node `order[i]` runs at step
//! `i + 1`, outputs are read at the step after the last node. A storage lives from the step that
//! writes it to the last that reads it, both included, so a node's inputs never share bytes with its
//! output unless an addition is placed in place.

use ember_ir::{Graph, Node, Op};

use super::storage::Storages;

/// Which dying input an addition writes over when it has the choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum InPlace {
    /// The one whose buffer has lived longer: a chain of residual blocks then stays in one place.
    Oldest,
    /// The one whose buffer is younger.
    Youngest,
    /// Neither: a buffer of its own may pack better.
    Never,
}

impl InPlace {
    /// All policies, the usually best one first.
    pub const ALL: [InPlace; 3] = [InPlace::Oldest, InPlace::Youngest, InPlace::Never];
}

/// A range of bytes that is reserved for a range of steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Buffer {
    /// Size, a multiple of the alignment.
    pub bytes: usize,
    /// First step.
    pub first: usize,
    /// Last step, included.
    pub last: usize,
}

impl Buffer {
    /// Whether both are reserved at some step.
    pub fn conflicts(&self, other: &Buffer) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// The buffers of a graph under one order.
pub(super) struct Buffers {
    /// The buffers.
    pub all: Vec<Buffer>,
    /// Buffer of each storage.
    pub of_storage: Vec<usize>,
}

impl Buffers {
    /// Lifetimes under `order`, additions placed by `policy`.
    pub fn new(graph: &Graph, storages: &Storages, order: &[usize], policy: InPlace) -> Self {
        Self::with_choice(graph, storages, order, |_, dying, buffers| match policy {
            InPlace::Never => None,
            InPlace::Oldest => dying.iter().copied().min_by_key(|&b| buffers[b].first),
            InPlace::Youngest => dying.iter().copied().max_by_key(|&b| buffers[b].first),
        })
    }

    /// As [`Buffers::new`], with `choose` deciding per addition (node, buffers that it may write
    /// over, all buffers so far).
    pub fn with_choice(
        graph: &Graph,
        storages: &Storages,
        order: &[usize],
        mut choose: impl FnMut(usize, &[usize], &[Buffer]) -> Option<usize>,
    ) -> Self {
        let lives = lifetimes(storages, order);
        let mut all: Vec<Buffer> = Vec::with_capacity(storages.all.len());
        let mut of_storage = vec![usize::MAX; storages.all.len()];
        for (index, storage) in storages.all.iter().enumerate() {
            if storage.producer.is_none() {
                of_storage[index] = all.len();
                all.push(lives[index]);
            }
        }
        for (position, &index) in order.iter().enumerate() {
            let node = &graph.nodes[index];
            let output = storages.of_tensor[node.output.0];
            if storages.all[output].producer != Some(index) {
                continue; // a reshape
            }
            let life = lives[output];
            let dying: Vec<usize> = dying_inputs(storages, &lives, node, position + 1)
                .into_iter()
                .flatten()
                .map(|storage| of_storage[storage])
                .collect();
            let target = if dying.is_empty() {
                None
            } else {
                choose(index, &dying, &all)
            };
            of_storage[output] = match target {
                Some(buffer) => {
                    all[buffer].last = life.last;
                    buffer
                }
                None => {
                    all.push(life);
                    all.len() - 1
                }
            };
        }
        Self { all, of_storage }
    }
}

/// One lifetime per storage.
fn lifetimes(storages: &Storages, order: &[usize]) -> Vec<Buffer> {
    let mut step = vec![0; order.len()];
    for (position, &node) in order.iter().enumerate() {
        step[node] = position + 1;
    }
    storages
        .all
        .iter()
        .map(|storage| {
            let first = storage.producer.map_or(0, |node| step[node]);
            let read = storage.readers.iter().map(|&node| step[node]).max();
            Buffer {
                bytes: storage.bytes,
                first,
                last: if storage.is_output {
                    order.len() + 1
                } else {
                    first.max(read.unwrap_or(0))
                },
            }
        })
        .collect()
}

/// Storages that `node` may write over: inputs of an addition that nobody reads after it. Not where
/// both inputs are one storage: kernels allow the output to be exactly one of two inputs.
fn dying_inputs(
    storages: &Storages,
    lives: &[Buffer],
    node: &Node,
    step: usize,
) -> [Option<usize>; 2] {
    let Op::Add(_) = node.op else {
        return [None; 2];
    };
    let [left, right] = [0, 1].map(|i| storages.of_tensor[node.inputs[i].0]);
    if left == right {
        return [None; 2];
    }
    [left, right].map(|storage| (lives[storage].last == step).then_some(storage))
}
