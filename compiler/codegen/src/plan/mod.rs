//! The memory plan: when each node runs and where each tensor lies in the one arena.
//!
//! The plan depends on the topology and the target's instructions alone, so that the planner that
//! prices a candidate in the search is the planner whose plan is emitted. Steps:
//! 1. `storage`: a reshape shares its input's bytes, so tensors are grouped into storages; `sharing`:
//!    what each node wants, scratch and bytes of an input that dies there;
//! 2. `order`: the execution order with the least live bytes (`live`) at its peak;
//! 3. `in_place`: an addition or a depthwise convolution may write over an input that dies there, a
//!    convolution over a part of it; storages become buffers with one lifetime each; `choices`: which
//!    do;
//! 4. `offsets`: best-fit under several priorities, stopped as soon as one reaches the lower bound
//!    (the live bytes at the peak); `exact` when none does, for the largest buffers of large graphs.
//!
//! [`check`] proves a plan by executing it symbolically and shares no code with the steps above.
//! [`map`] draws it. Cost: microseconds where the bound is reached, half a millisecond where it is not
//! (a MobileNet of thirty layers, a ResNet of sixteen).
//! Sources: TensorFlow Lite Micro's greedy memory planner, vMCU's overlap of input and output; the
//! exact orders, distances and offsets are ours.

mod chain;
mod check;
mod choices;
mod exact;
mod in_place;
mod live;
mod map;
mod offsets;
mod order;
mod planned;
mod sharing;
mod storage;

pub use ember_runtime::scratch::Isa;

pub use chain::{Chain, Lines, Makes, Stage, Timing, plan_chains};
pub use check::{PlanViolation, check};
pub use exact::plan_exact;
pub use map::{Life, lives, map, scratch};
pub use planned::Planned;

use ember_ir::Graph;

use in_place::Buffers;
use storage::Storages;

/// Alignment of every tensor and of the arena's size, in bytes.
pub const ALIGN: usize = ember_runtime::arena::ALIGN;

/// Bytes `offset..offset + bytes` of the arena.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Region {
    /// First byte; a multiple of [`ALIGN`].
    pub offset: usize,
    /// Number of bytes.
    pub bytes: usize,
}

impl Region {
    /// No bytes.
    pub(crate) const EMPTY: Self = Self {
        offset: 0,
        bytes: 0,
    };

    /// One past the last byte.
    pub fn end(self) -> usize {
        self.offset + self.bytes
    }

    /// Whether the two share a byte.
    pub fn overlaps(self, other: Region) -> bool {
        self.offset < other.end() && other.offset < self.end()
    }
}

/// When each node runs, where each tensor lies and where a node finds scratch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Indices into the graph's nodes, in execution order.
    pub order: Vec<usize>,
    /// One region per tensor of the graph; `0..0` for a constant that is read in flash.
    pub regions: Vec<Region>,
    /// One region per node of the graph, reserved while the node runs; `0..0` where it needs none.
    pub scratch: Vec<Region>,
    /// Size of the arena; a multiple of [`ALIGN`].
    pub arena_bytes: usize,
    /// Nodes that run together row by row, if any do: they follow each other in the order. Regions of the
    /// tensors between them are those of their lines; that of a chain's input that is fed is one row.
    pub chain: Option<Chain>,
}

/// Plans a graph that the verifier accepts, for kernels that use `isa`. Graph inputs are live from
/// before the first node until their last reader (an inference spends its input), graph outputs until
/// after the last node.
pub fn plan(graph: &Graph, isa: Isa) -> Plan {
    plan_storages(graph, &Storages::new(graph, isa))
}

fn plan_storages(graph: &Graph, storages: &Storages) -> Plan {
    let mut best: Option<Plan> = None;
    for order in order::candidates(graph, storages) {
        let plan = choices::plan(graph, storages, &order);
        // No other order is better then: the first has the least peak.
        let done = plan.arena_bytes <= live::peak_bytes(graph, storages, &order);
        if best
            .as_ref()
            .is_none_or(|best| plan.arena_bytes < best.arena_bytes)
        {
            best = Some(plan);
        }
        if done {
            break;
        }
    }
    best.unwrap_or_else(|| panic!("BUG: no execution order was tried"))
}

/// The plan that puts each tensor where its buffer was placed.
fn assemble(
    graph: &Graph,
    storages: &Storages,
    order: &[usize],
    buffers: &Buffers,
    placement: &offsets::Placement,
) -> Plan {
    let regions = graph
        .tensors
        .iter()
        .zip(&storages.of_tensor)
        .map(|(tensor, &storage)| match storages.all[storage].bytes {
            0 => Region::EMPTY,
            _ => Region {
                offset: placement.offsets[buffers.of_storage[storage]],
                bytes: tensor.bytes(),
            },
        })
        .collect();
    let scratch = buffers.of_scratch.iter().zip(&storages.wants);
    let scratch = scratch.map(|(&buffer, wants)| Region {
        offset: buffer.map_or(0, |buffer| placement.offsets[buffer]),
        bytes: wants.scratch,
    });
    Plan {
        order: order.to_vec(),
        regions,
        scratch: scratch.collect(),
        arena_bytes: placement.arena_bytes,
        chain: None,
    }
}

#[cfg(test)]
mod tests;
