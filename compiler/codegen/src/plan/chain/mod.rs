//! Chains: layers that run together row by row, so that the images between them never exist in full.
//!
//! Of every tensor in a chain the arena holds the youngest rows only, its lines. Time is counted in ticks,
//! one per row of the chain's input: a tensor's row r is made at tick `first + r·every` (synchronous data
//! flow: every rate is known), so windows lie at constant places in the lines and nothing is computed
//! twice. `ember_runtime::kernels::next_row` has the device's side.
//!
//! * `segment`: which nodes can be one chain;
//! * `schedule`: when each row is made, how many lines each tensor needs, who waits for whom;
//! * `layout`: where lines, scratch and sums lie in the chain's own memory;
//! * `contract`: the graph with the chain as one node, which the planner plans as any other: the chain's
//!   memory is that node's scratch, and its output may lie over its dying input.
//!
//! Sources: StreamNet (Zheng et al., NeurIPS 2023) and msf-CNN (2025) for line buffers without
//! recomputation, MCUNetV2 (Lin et al., NeurIPS 2021) for running the first layers by parts; schedule and
//! exact places are ours.

mod contract;
mod layout;
mod schedule;
mod segment;

use ember_ir::{Graph, Node, TensorId};
use ember_runtime::scratch::Isa;

use super::storage::Storages;
use super::{Plan, Region, live};
use contract::Contracted;
use layout::Layout;
pub use schedule::Timing;
use segment::Segment;

/// Layers that run together, row by row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// Ticks of an inference: the input's rows, and as many more as the last row takes to come out.
    pub ticks: usize,
    /// Whether the input comes row by row from outside, instead of lying in the arena.
    pub fed: bool,
    /// The input's rows, copied from where it lies.
    pub input: Lines,
    /// The nodes in the order in which they run within a tick.
    pub stages: Vec<Stage>,
}

/// The youngest rows of a tensor, one after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lines {
    /// The tensor.
    pub tensor: TensorId,
    /// Where they lie.
    pub region: Region,
    /// Bytes of a row.
    pub row: usize,
    /// When rows are made.
    pub timing: Timing,
}

/// A node of a chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    /// Index into the graph's nodes.
    pub node: usize,
    /// The rows that it reads for one of its own, per input.
    pub reads: Vec<Region>,
    /// What comes of them.
    pub makes: Makes,
}

/// What a stage makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Makes {
    /// A row at a time.
    Rows(Lines),
    /// Sums over all rows, four bytes per channel, and its output with the last row.
    Sums {
        /// Where the sums lie.
        region: Region,
        /// When rows come.
        timing: Timing,
    },
}

impl Lines {
    /// Where the next row is written.
    pub fn newest(&self) -> Region {
        Region {
            offset: self.region.end() - self.row,
            bytes: self.row,
        }
    }
}

/// Bytes of a model that counts the rows that have come.
const ROW_COUNTER: usize = 4;

impl Plan {
    /// The model in RAM: its arena, and a counter if its input comes row by row.
    pub fn model_bytes(&self) -> usize {
        self.arena_bytes + if self.is_fed() { ROW_COUNTER } else { 0 }
    }

    /// Whether the input comes row by row from outside.
    pub fn is_fed(&self) -> bool {
        self.chain.as_ref().is_some_and(|chain| chain.fed)
    }

    /// The stage of a node, if it runs row by row.
    pub fn stage(&self, node: usize) -> Option<&Stage> {
        self.chain.as_ref()?.stage(node)
    }

    /// Whether rows are collected where the whole tensor lies: those of a chain's output are.
    pub fn collects(&self, lines: &Lines) -> bool {
        self.regions[lines.tensor.0] != lines.region
    }

    /// What a node's kernel reads and writes: tensors, or rows of them.
    pub fn operands(&self, graph: &Graph, node: usize) -> (Vec<Region>, Region) {
        let of = |tensor: TensorId| self.regions[tensor.0];
        let Node { inputs, output, .. } = &graph.nodes[node];
        match self.stage(node) {
            None => (inputs.iter().map(|&input| of(input)).collect(), of(*output)),
            Some(Stage { reads, makes, .. }) => match makes {
                Makes::Rows(lines) => (reads.clone(), lines.newest()),
                Makes::Sums { .. } => (reads.clone(), of(*output)),
            },
        }
    }
}

impl Chain {
    /// The stage of a node, if it is one.
    pub fn stage(&self, node: usize) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.node == node)
    }

    /// All lines, the input's first.
    pub fn lines(&self) -> impl Iterator<Item = &Lines> {
        let made = self.stages.iter().filter_map(|stage| match &stage.makes {
            Makes::Rows(lines) => Some(lines),
            Makes::Sums { .. } => None,
        });
        std::iter::once(&self.input).chain(made)
    }
}

/// All plans in which one chain runs row by row and the arena takes at most so many bytes. With `fed`, the
/// graph's input comes row by row, and the chain begins there.
pub fn plan_chains(graph: &Graph, isa: Isa, fed: bool, at_most: usize) -> Vec<Plan> {
    let mut plans = Vec::new();
    for first in 0..graph.nodes.len() {
        for last in first + 1..graph.nodes.len() {
            let Some(segment) = Segment::new(graph, first..last + 1) else {
                continue;
            };
            if fed && !segment.can_be_fed(graph) {
                continue;
            }
            let plan = plan(graph, isa, &segment, fed, at_most);
            plans.extend(plan.filter(|plan| plan.arena_bytes <= at_most));
        }
    }
    plans
}

/// `None` also where it is clear before planning that the arena would be larger.
fn plan(graph: &Graph, isa: Isa, segment: &Segment, fed: bool, at_most: usize) -> Option<Plan> {
    let draft = schedule::best(graph, segment, |draft| Layout::new(graph, isa, draft, fed))?;
    let layout = Layout::new(graph, isa, &draft, fed);
    let wants = layout.wants(graph, segment, &draft, fed);
    let contracted = Contracted::new(graph, segment, fed);
    let storages = Storages::with(&contracted.graph, contracted.wants(isa, wants));
    if live::unavoidable_bytes(&contracted.graph, &storages) > at_most {
        return None;
    }
    let outer = super::plan_storages(&contracted.graph, &storages);
    Some(contracted.expand(graph, segment, &outer, &draft, &layout, fed))
}
