//! The memory plan: when each node runs and where each tensor lies in the one arena.
//!
//! The plan depends on the topology alone, so that the planner that prices a candidate in the search
//! is the planner whose plan is emitted. Steps:
//! 1. `storage`: a reshape shares its input's bytes, so tensors are grouped into storages;
//! 2. `order`: the execution order with the least live bytes (`live`) at its peak;
//! 3. `in_place`: an addition may write over an input that dies there; storages become buffers with
//!    one lifetime each;
//! 4. `offsets`: best-fit under several priorities, stopped as soon as one reaches the lower bound
//!    (the live bytes at the peak); `exact` when none does and the graph is small.
//!
//! [`check`] proves a plan by executing it symbolically and shares no code with the steps above.
//! [`map`] draws it. Cost: tens of microseconds for a network of twenty layers.
//! Source: TensorFlow Lite Micro's greedy memory planner; the exact orders and offsets are ours.

mod check;
mod exact;
mod in_place;
mod live;
mod map;
mod offsets;
mod order;
mod planned;
mod storage;

pub use check::{PlanViolation, check};
pub use exact::plan_exact;
pub use map::map;
pub use planned::Planned;

use ember_ir::Graph;

use in_place::{Buffers, InPlace};
use storage::Storages;

/// Alignment of every tensor and of the arena's size, in bytes.
pub const ALIGN: usize = ember_runtime::arena::ALIGN;

/// Bytes `offset..offset + bytes` of the arena.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Region {
    /// First byte; a multiple of [`ALIGN`].
    pub offset: usize,
    /// Number of bytes: the tensor's elements.
    pub bytes: usize,
}

impl Region {
    /// One past the last byte.
    pub fn end(self) -> usize {
        self.offset + self.bytes
    }

    /// Whether the two share a byte.
    pub fn overlaps(self, other: Region) -> bool {
        self.offset < other.end() && other.offset < self.end()
    }
}

/// When each node runs and where each tensor lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Indices into the graph's nodes, in execution order.
    pub order: Vec<usize>,
    /// One region per tensor of the graph.
    pub regions: Vec<Region>,
    /// One region per node: what it needs while it runs, beside its tensors.
    pub scratch: Vec<Region>,
    /// Size of the arena; a multiple of [`ALIGN`].
    pub arena_bytes: usize,
}

/// Plans a graph that the verifier accepts. Graph inputs are live from before the first node until
/// their last reader (an inference spends its input), graph outputs until after the last node.
pub fn plan(graph: &Graph) -> Plan {
    let storages = Storages::new(graph);
    let mut best: Option<Plan> = None;
    for order in order::candidates(graph, &storages) {
        for policy in InPlace::ALL {
            let buffers = Buffers::new(graph, &storages, &order, policy);
            let placement = offsets::place(&buffers.all);
            let reached_bound = placement.arena_bytes == offsets::lower_bound(&buffers.all);
            if best
                .as_ref()
                .is_none_or(|plan| placement.arena_bytes < plan.arena_bytes)
            {
                best = Some(assemble(graph, &storages, &order, &buffers, &placement));
            }
            // The first order has the least peak and the first policy does not raise it.
            if reached_bound {
                break;
            }
        }
        if best
            .as_ref()
            .is_some_and(|plan| plan.arena_bytes == live::peak_bytes(graph, &storages, &order))
        {
            break;
        }
    }
    let mut best = best.unwrap_or_else(|| panic!("BUG: no execution order was tried"));
    let isa = ember_runtime::scratch::Isa::Any;
    let mut most = 0;
    for node in &graph.nodes {
        let geometry = |window: &ember_ir::Window2d| ember_runtime::scratch::Geometry {
            input: graph.input_shape(node).hwc().unwrap_or_default(),
            output: graph.output_shape(node).hwc().unwrap_or_default(),
            kernel: window.kernel, stride: window.stride, dilation: window.dilation,
            pad: [window.padding.top, window.padding.left],
        };
        let bytes = match &node.op {
            ember_ir::Op::Conv2d(op) => isa.conv2d_scratch(&geometry(&op.window)),
            ember_ir::Op::DepthwiseConv2d(op) => isa.depthwise_scratch(&geometry(&op.window)),
            _ => 0,
        };
        most = most.max(bytes);
        best.scratch.push(Region { offset: best.arena_bytes, bytes });
    }
    best.arena_bytes += most.next_multiple_of(ALIGN);
    best
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
        .map(|(tensor, &storage)| Region {
            offset: placement.offsets[buffers.of_storage[storage]],
            bytes: tensor.shape.elements(),
        })
        .collect();
    Plan {
        order: order.to_vec(),
        regions,
        scratch: Vec::new(),
        arena_bytes: placement.arena_bytes,
    }
}

#[cfg(test)]
mod tests;
