//! What a network costs on a board, before it is built: flash, RAM, executed instructions.
//!
//! * RAM is the plan's arena plus what the firmware itself takes, plus a bound on the stack.
//! * Constants follow from the topology, exactly.
//! * Code and instructions of a layer are linear in `features` of its kernel's loops: which loops the
//!   kernel instance has (code), how often each part runs (instructions). The factors are fitted per
//!   core on built firmware and counted runs and lie in `table.toml`.
//!
//! The numbers depend on the topology alone, so that the search prices a candidate as the emitter
//! does. Cost: a few microseconds per network. Limits: a kernel changed in `ember-runtime` asks for a
//! new fit: `cargo run --release -p ember-tests --bin fit_cost`.
//!
//! Reading order: [`Footprint`], `features`, `window`, `table`.

mod features;
mod table;
mod window;

pub use features::{Features, Kernel, features};
pub use table::{CoreTable, Factors, Table};

use ember_ir::{Graph, Node, Op};

use crate::plan::{Plan, Planned};
use crate::target::{Board, Runner};

/// Bytes of a softmax's table: 256 words.
const SOFTMAX_TABLE_BYTES: usize = 1024;

/// Golden vectors linked into firmware that cannot read samples from a host.
pub const DEVICE_VECTORS: usize = 4;

/// Bytes of the two slices that a golden vector is on the device.
const VECTOR_BYTES: usize = 16;

/// Predicted sizes and work of a network's firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// All activations.
    pub arena_bytes: usize,
    /// Weights, biases, multipliers and tables in flash; exact.
    pub constant_bytes: usize,
    /// Code of the layers.
    pub code_bytes: usize,
    /// Vector table, start-up, transport, the model's own frame.
    pub base_bytes: usize,
    /// Bound on the stack.
    pub stack_bytes: usize,
    /// Constants, code and base.
    pub flash_bytes: usize,
    /// Arena, the firmware's statics, stack.
    pub ram_bytes: usize,
    /// Executed instructions of one inference.
    pub instructions: u64,
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
    /// Its instance of a kernel, with the call.
    pub code_bytes: usize,
    /// Executed instructions.
    pub instructions: u64,
    /// Multiply-accumulates.
    pub macs: u64,
}

/// The cost of a graph that the verifier accepts, under a plan, on a board.
pub fn footprint(graph: &Graph, plan: &Plan, board: &Board) -> Footprint {
    let table = Table::get().core(board.core);
    let layers: Vec<LayerCost> = graph
        .nodes
        .iter()
        .map(|node| layer(graph, node, board, table))
        .collect();
    let sum =
        |part: fn(&LayerCost) -> usize| layers.iter().map(part).fold(0, usize::saturating_add);
    let constant_bytes = sum(|layer| layer.constant_bytes);
    let code_bytes = sum(|layer| layer.code_bytes);
    let base_bytes = base_bytes(graph, board, table);
    let instructions = layers.iter().map(|layer| layer.instructions);
    let arena_bytes = plan.arena_bytes;
    Footprint {
        arena_bytes,
        constant_bytes,
        code_bytes,
        base_bytes,
        stack_bytes: table.stack_bytes,
        flash_bytes: constant_bytes
            .saturating_add(code_bytes)
            .saturating_add(base_bytes),
        ram_bytes: arena_bytes
            .saturating_add(table.static_bytes(board.transport()))
            .saturating_add(table.stack_bytes),
        instructions: table.call_instructions + instructions.fold(0, u64::saturating_add),
        macs: graph.macs(),
        layers,
    }
}

/// The cost of a planned network.
pub fn footprint_of(planned: &Planned, board: &Board) -> Footprint {
    footprint(&planned.network().graph, planned.plan(), board)
}

/// Bytes of weights, biases, multipliers and tables of one node.
pub fn constant_bytes(graph: &Graph, node: &Node) -> usize {
    let input = graph.input_shape(node);
    match &node.op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::Dense(_) => {
            let weights = node
                .op
                .weight_shape(input)
                .map_or(0, |shape| shape.elements());
            let channels = node.op.weight_channels(input).unwrap_or(0);
            // Bias and mantissa are words, the exponent is a byte.
            weights.saturating_add(channels.saturating_mul(9))
        }
        Op::Softmax(_) => SOFTMAX_TABLE_BYTES,
        Op::Add(_) | Op::AveragePool2d(_) | Op::MaxPool2d(_) | Op::Mean(_) | Op::Reshape(_) => 0,
    }
}

fn layer(graph: &Graph, node: &Node, board: &Board, table: &CoreTable) -> LayerCost {
    let macs = node
        .op
        .macs(graph.input_shape(node), graph.output_shape(node));
    let constant_bytes = constant_bytes(graph, node);
    let Some(features) = features(graph, node, board.core) else {
        return LayerCost {
            constant_bytes,
            macs,
            ..LayerCost::default()
        };
    };
    let factors = table.factors(features.kernel);
    LayerCost {
        constant_bytes,
        code_bytes: predict(&factors.code, &features.code) as usize,
        instructions: predict(&factors.instructions, &features.instructions),
        macs,
    }
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

/// Everything in flash that is neither a layer's code nor a constant.
fn base_bytes(graph: &Graph, board: &Board, table: &CoreTable) -> usize {
    let base = table.base_bytes(board.transport());
    // Byte arrays between word arrays leave gaps; two of them per layer with weights, 1.5 on average.
    let weighted = graph
        .nodes
        .iter()
        .filter(|node| node.op.weight_channels(graph.input_shape(node)).is_some());
    base + 3 * weighted.count() + vector_bytes(graph, board)
}

fn vector_bytes(graph: &Graph, board: &Board) -> usize {
    match board.runner {
        Runner::Qemu { .. } => 0,
        Runner::ProbeRs { .. } => {
            let ends = graph.inputs.iter().chain(&graph.outputs);
            let sample: usize = ends.map(|&id| graph.tensor(id).shape.elements()).sum();
            DEVICE_VECTORS * (sample + VECTOR_BYTES)
        }
    }
}
