//! What a network costs on a board, before it is built: flash, RAM, executed instructions.
//!
//! * RAM is the plan's arena plus what the firmware itself takes, plus a bound on the stack.
//! * Constants follow from the topology, exactly.
//! * Code is what the functions take that some layer needs (`parts`), exactly.
//! * Instructions of a layer are linear in how often each part of its kernel's loops runs (`features`).
//!   The factors are fitted per core on counted runs and lie in `table.toml`, or in `table_size.toml` for
//!   firmware that prefers size.
//! * Cycles, on Cortex-M4 alone, are an estimate: the same counts with factors fitted to the times that the
//!   core's manual gives for the executed instructions. Memory without wait states is assumed.
//!
//! The topology alone gives all of it, so that the search prices a candidate as the emitter does; a
//! network's integers only add how its outputs are requantised. Cost: a few microseconds per network.
//! Limits: a kernel changed in `ember-runtime` asks for a new fit:
//! `cargo run --release -p ember-tests --bin fit_cost`.
//!
//! Reading order: [`Footprint`], `constants`, `parts`, `features`, `window`, `table`.

mod constants;
mod features;
mod front;
mod memory;
mod parts;
mod table;
mod window;

pub use constants::constant_bytes;
pub use features::{
    Features, Kernel, Rescale, RowPart, features, features_in, row_features, row_parts,
};
pub use front::{add_front, cepstra_counts, counts as front_counts, device_vectors};
pub use memory::{Memory, plan_for, plan_for_network};
pub use parts::{Part, PartBytes};
pub use table::{CoreTable, Table};

use std::collections::BTreeSet;

use ember_ir::{Graph, Node};
use ember_runtime::packing::Isa;

use crate::lower::Layer;
use crate::plan::{Plan, Planned};
use crate::state;
use crate::target::{Board, Runner};

/// Golden vectors linked into firmware that cannot read samples from a host.
pub const DEVICE_VECTORS: usize = 4;

/// Bytes of the two slices that a golden vector is on the device.
const VECTOR_BYTES: usize = 16;

/// Predicted sizes and work of a network's firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// The model: all activations, and where it is in a sample that comes row by row.
    pub arena_bytes: usize,
    /// Weights, biases, multipliers and tables in flash; exact.
    pub constant_bytes: usize,
    /// The functions that the layers need.
    pub code_bytes: usize,
    /// Calls of the layers, and constants beside the weights: shapes, offsets.
    pub task_bytes: usize,
    /// Vector table, start-up, transport, the model's own frame.
    pub base_bytes: usize,
    /// Bound on the stack.
    pub stack_bytes: usize,
    /// All of the above.
    pub flash_bytes: usize,
    /// Arena, the firmware's statics, stack.
    pub ram_bytes: usize,
    /// Executed instructions of one inference.
    pub instructions: u64,
    /// An estimate of its cycles, on Cortex-M4 and without a front end.
    pub cycles_estimate: Option<u64>,
    /// Multiply-accumulates of one inference, padded taps counted.
    pub macs: u64,
    /// One entry per node of the graph, in its order.
    pub layers: Vec<LayerCost>,
}

/// Predicted sizes and work of one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerCost {
    /// Weights and other constants.
    pub constant_bytes: usize,
    /// The functions that it needs; layers of a kind share them.
    pub code_bytes: usize,
    /// Its call, and its constants beside the weights.
    pub task_bytes: usize,
    /// Executed instructions.
    pub instructions: u64,
    /// An estimate of the cycles, on Cortex-M4.
    pub cycles_estimate: Option<u64>,
    /// Multiply-accumulates.
    pub macs: u64,
}

/// The cost of a graph that the verifier accepts, under a plan, on a board.
pub fn footprint(graph: &Graph, plan: &Plan, board: &Board) -> Footprint {
    price(graph, plan, None, board)
}

/// The cost of a planned network: as [`footprint`], and its integers are known; with its front end.
pub fn footprint_of(planned: &Planned, board: &Board) -> Footprint {
    let network = price(
        planned.graph(),
        planned.plan(),
        Some(planned.layers()),
        board,
    );
    let network = add_calls(network, planned.graph(), planned.calls(), board);
    match planned.front() {
        Some(front) => add_front(network, front, board),
        None => network,
    }
}

/// Adds what samples of several calls take: golden vectors on a real board are so much longer.
pub fn add_calls(
    mut footprint: Footprint,
    graph: &Graph,
    calls: usize,
    board: &Board,
) -> Footprint {
    let inputs = graph.inputs.iter().map(|&id| graph.tensor(id).bytes());
    let longer = match board.runner {
        Runner::Qemu { .. } => 0,
        Runner::ProbeRs { .. } => {
            let inputs = inputs.fold(0, usize::saturating_add);
            DEVICE_VECTORS.saturating_mul(inputs.saturating_mul(calls.saturating_sub(1)))
        }
    };
    footprint.base_bytes = footprint.base_bytes.saturating_add(longer);
    footprint.flash_bytes = footprint.flash_bytes.saturating_add(longer);
    footprint
}

fn price(graph: &Graph, plan: &Plan, integers: Option<&[Layer]>, board: &Board) -> Footprint {
    let table = Table::of(board.prefer).core(board.core);
    let layer = |index| {
        let integers = integers.and_then(|layers| layers.get(index));
        let counts = counts(graph, plan, index, integers, board.isa());
        (
            layer(graph, &graph.nodes[index], &counts, board, table),
            counts,
        )
    };
    let layers: Vec<(LayerCost, Vec<(Features, u64)>)> =
        (0..graph.nodes.len()).map(layer).collect();
    let code_bytes = functions(layers.iter().flat_map(|(_, counts)| counts), table);
    let layers: Vec<LayerCost> = layers.into_iter().map(|(cost, _)| cost).collect();
    let sum =
        |part: fn(&LayerCost) -> usize| layers.iter().map(part).fold(0, usize::saturating_add);
    let constant_bytes = sum(|layer| layer.constant_bytes);
    let task_bytes = sum(|layer| layer.task_bytes);
    let base_bytes = table.base_bytes(board.transport()) + vector_bytes(graph, board);
    let instructions = layers.iter().map(|layer| layer.instructions);
    let cycles = layers.iter().filter_map(|layer| layer.cycles_estimate);
    let cycles = cycles.reduce(u64::saturating_add);
    let arena_bytes = plan.model_bytes() + state::bytes(graph);
    Footprint {
        arena_bytes,
        constant_bytes,
        code_bytes,
        task_bytes,
        base_bytes,
        stack_bytes: table.stack_bytes,
        flash_bytes: constant_bytes
            .saturating_add(code_bytes + task_bytes)
            .saturating_add(base_bytes),
        ram_bytes: arena_bytes
            .saturating_add(table.static_bytes(board.transport()))
            .saturating_add(table.stack_bytes),
        instructions: table.call_instructions + instructions.fold(0, u64::saturating_add),
        cycles_estimate: cycles.map(|cycles| cycles.saturating_add(table.call_instructions)),
        macs: graph.macs(),
        layers,
    }
}

/// What runs for a node, and how often.
pub fn counts(
    graph: &Graph,
    plan: &Plan,
    index: usize,
    integers: Option<&Layer>,
    isa: Isa,
) -> Vec<(Features, u64)> {
    let chain = plan.chain.as_ref();
    match chain.and_then(|chain| Some((chain, chain.stage(index)?))) {
        Some(stage) => row_parts(graph, plan, stage, integers, isa),
        None => features(graph, &graph.nodes[index], integers, isa)
            .map(|features| (features, 1))
            .into_iter()
            .collect(),
    }
}

fn layer(
    graph: &Graph,
    node: &Node,
    counts: &[(Features, u64)],
    board: &Board,
    table: &CoreTable,
) -> LayerCost {
    let tasks = counts.iter().map(|(features, _)| {
        let in_infer = features.part.map_or(0, |part| table.row_bytes(part));
        table.task_bytes(features.kernel) + in_infer
    });
    let cycles = counts.iter().map(|(features, times)| {
        let factors = table.cycles(features.kernel)?;
        Some(predict(factors, &features.instructions) * times)
    });
    LayerCost {
        constant_bytes: constant_bytes(graph, node, board.isa()),
        code_bytes: functions(counts.iter(), table),
        task_bytes: tasks.sum(),
        instructions: counts
            .iter()
            .map(|(features, times)| {
                predict(table.factors(features.kernel), &features.instructions) * times
            })
            .sum(),
        cycles_estimate: cycles.sum::<Option<u64>>().filter(|_| !counts.is_empty()),
        macs: node
            .op
            .macs(graph.input_shape(node), graph.output_shape(node)),
    }
}

/// Bytes of the functions that some layers need, each counted once.
fn functions<'a>(counts: impl Iterator<Item = &'a (Features, u64)>, table: &CoreTable) -> usize {
    let mut parts = BTreeSet::new();
    for (features, _) in counts {
        parts::add_parts(features, &mut parts);
    }
    parts.into_iter().map(|part| table.part_bytes(part)).sum()
}

/// Σ factor·feature, rounded; never negative.
fn predict(factors: &[f64], features: &[f64]) -> u64 {
    let sum: f64 = factors
        .iter()
        .zip(features)
        .map(|(factor, feature)| factor * feature)
        .sum();
    // The cast saturates.
    sum.round() as u64
}

/// Golden vectors that the firmware of a real board carries.
pub fn vector_bytes(graph: &Graph, board: &Board) -> usize {
    match board.runner {
        Runner::Qemu { .. } => 0,
        Runner::ProbeRs { .. } => {
            let ends = graph.inputs.iter().chain(&graph.outputs);
            let sample: usize = ends.map(|&id| graph.tensor(id).bytes()).sum();
            DEVICE_VECTORS * (sample + VECTOR_BYTES)
        }
    }
}
