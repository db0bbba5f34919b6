//! What a firmware takes without its layers: whole emitted crates, linked, less what is known of them.

use std::collections::BTreeMap;

use ember_codegen::cost::{features, vector_bytes};
use ember_codegen::target::{Board, Core, Prefer};

use crate::firmware::board;
use crate::linked::link;
use crate::models::MODELS;

/// Bytes of a layer's call in `infer`: the arena's address, that of the constants, the branch.
pub const CALL_BYTES: u64 = 12;

/// Margin over the deepest stack that was measured, as a factor.
const STACK_MARGIN: f64 = 1.5;

/// What firmware for one core takes, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Base {
    /// Flash: by semihosting, by RTT.
    pub flash: [usize; 2],
    /// Statics in RAM: by semihosting, by RTT.
    pub statics: [usize; 2],
    /// Bound on the stack.
    pub stack: usize,
}

/// A board per transport whose firmware stands for the core's.
fn boards(core: Core, prefer: Prefer) -> [Board; 2] {
    let names = match core {
        Core::CortexM0 | Core::CortexM0Plus => ["microbit", "rpi-pico"],
        Core::CortexM3 => ["mps2-an385", "nucleo-f446re"],
        Core::CortexM4 => ["mps2-an386", "nucleo-f446re"],
        Core::CortexM7 => ["mps2-an500", "nucleo-h743zi"],
        Core::CortexM33 => ["mps2-an505", "rpi-pico-2"],
        Core::CortexM55 => ["mps3-an547", "rpi-pico-2"],
    };
    names.map(|name| Board {
        prefer,
        ..board(name)
    })
}

/// Links the test models for a core, whose layers have constants of `tasks` bytes beside their streams.
///
/// # Errors
/// What cargo or QEMU printed.
pub fn measure(core: Core, prefer: Prefer, tasks: &BTreeMap<String, u64>) -> Result<Base, String> {
    let mut base = Base::default();
    let mut stack = 0;
    for (transport, board) in boards(core, prefer).iter().enumerate() {
        let mut rests = Vec::new();
        for model in &MODELS {
            let planned = model.planned_for(board.isa());
            let linked = link(&planned, board)?;
            let graph = planned.graph();
            let kernels = graph.nodes.iter().zip(planned.layers());
            let tasks: u64 = kernels
                .filter_map(|(node, layer)| features(graph, node, Some(layer), board.isa()))
                .map(|features| tasks.get(features.kernel.name()).copied().unwrap_or(0))
                .map(|task| task + CALL_BYTES)
                .sum();
            let known =
                linked.constants + linked.code + tasks as usize + vector_bytes(graph, board);
            rests.push(linked.flash.saturating_sub(known));
            base.statics[transport] = base.statics[transport].max(linked.ram - linked.arena);
            if let Some(ran) = linked.ran {
                stack = stack.max(ran?.stack);
            }
        }
        eprintln!("  base on {}: {rests:?}", board.name);
        base.flash[transport] = rests.iter().sum::<usize>() / rests.len();
    }
    base.stack = ((stack as f64 * STACK_MARGIN) as usize).next_multiple_of(64);
    Ok(base)
}
