//! Lifetimes, and outputs that share bytes with an input that dies there.
//!
//! Time is counted in steps: graph inputs are written at step 0, node `order[i]` runs at step
//! `i + 1`, outputs are read at the step after the last node. A storage lives from the step that
//! writes it to the last that reads it, both included, and scratch for the step of its node, so
//! nothing shares bytes with a node's inputs unless its kernel allows it:
//! * where the output may lie exactly on a dying input ([`Sharing::Exactly`]), the two storages become
//!   one buffer, as large as the larger;
//! * where it may lie some bytes below ([`Sharing::Below`]), they stay two buffers, of which the
//!   output's is [`Over`] the input's. That is right because these two live together at that one step
//!   only: a storage that dies there is the last in its buffer, and the output is the first in its own.

use ember_ir::{Graph, Node};

use super::ALIGN;
use super::sharing::Sharing;
use super::storage::Storages;

/// Which dying input a node writes over when it has the choice.
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
    /// The buffer that dies at the first step and that this one may share bytes with.
    pub over: Option<Over>,
}

/// How a convolution's output lies over its input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Over {
    /// The buffer of the input.
    pub buffer: usize,
    /// How far below its offset the output starts at least; see [`Sharing::Below`].
    pub distance: isize,
    /// How far above its offset the output starts otherwise: the bytes of the input, which may be
    /// fewer than those of its buffer.
    pub input_bytes: usize,
}

impl Buffer {
    /// Whether it is reserved at a step.
    pub fn lives_at(&self, step: usize) -> bool {
        self.first <= step && step <= self.last
    }

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
    /// Buffer of each node's scratch, if it wants any.
    pub of_scratch: Vec<Option<usize>>,
}

impl Buffers {
    /// Lifetimes under `order`, each node's output placed by its policy.
    pub fn new(graph: &Graph, storages: &Storages, order: &[usize], policies: &[InPlace]) -> Self {
        Self::with_choice(
            graph,
            storages,
            order,
            |node, dying, buffers| match policies[node] {
                InPlace::Never => None,
                InPlace::Oldest => dying.iter().copied().min_by_key(|&b| buffers[b].first),
                InPlace::Youngest => dying.iter().copied().max_by_key(|&b| buffers[b].first),
            },
        )
    }

    /// As [`Buffers::new`], with `choose` deciding per node that may run in place (node,
    /// buffers that it may write over, all buffers so far).
    pub fn with_choice(
        graph: &Graph,
        storages: &Storages,
        order: &[usize],
        mut choose: impl FnMut(usize, &[usize], &[Buffer]) -> Option<usize>,
    ) -> Self {
        let lives = lifetimes(storages, order);
        let mut all: Vec<Buffer> = Vec::with_capacity(storages.all.len());
        let mut of_storage = vec![usize::MAX; storages.all.len()];
        let mut of_scratch = vec![None; order.len()];
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
            let step = position + 1;
            let mut life = lives[output];
            let dying: Vec<usize> = dying_inputs(storages, &lives, node, step).collect();
            let target = match (storages.wants[index].sharing, dying.first()) {
                (Sharing::Never, _) | (_, None) => None,
                (Sharing::Exactly, Some(_)) => {
                    let dying: Vec<usize> = dying.iter().map(|&input| of_storage[input]).collect();
                    choose(index, &dying, &all)
                }
                (Sharing::Below(distance), Some(&input)) => {
                    life.over = Some(Over {
                        buffer: of_storage[input],
                        distance,
                        input_bytes: storages.all[input].bytes,
                    });
                    None
                }
            };
            of_storage[output] = match target {
                Some(buffer) => {
                    all[buffer].last = life.last;
                    all[buffer].bytes = all[buffer].bytes.max(life.bytes);
                    buffer
                }
                None => {
                    all.push(life);
                    all.len() - 1
                }
            };
            if storages.wants[index].scratch > 0 {
                of_scratch[index] = Some(all.len());
                all.push(Buffer {
                    bytes: storages.wants[index].scratch.next_multiple_of(ALIGN),
                    first: step,
                    last: step,
                    over: None,
                });
            }
        }
        Self {
            all,
            of_storage,
            of_scratch,
        }
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
                over: None,
            }
        })
        .collect()
}

/// Inputs of `node` that nobody reads after it.
fn dying_inputs<'a>(
    storages: &'a Storages,
    lives: &'a [Buffer],
    node: &'a Node,
    step: usize,
) -> impl Iterator<Item = usize> + 'a {
    let inputs = node.inputs.iter().map(|input| storages.of_tensor[input.0]);
    inputs.filter(move |&storage| lives[storage].last == step && storages.all[storage].bytes > 0)
}
