//! What a firmware takes without its layers: whole emitted crates, linked, less what is known of them.

use ember_codegen::cost::{CALL_BYTES, gap_bytes, vector_bytes};
use ember_codegen::target::{Board, Core};

use crate::firmware::board;
use crate::linked::{Helpers, Linked, link};
use crate::models::MODELS;

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
    /// Functions that kernels share.
    pub helpers: Helpers,
}

/// A board per transport whose firmware stands for the core's.
fn boards(core: Core) -> [Board; 2] {
    let names = match core {
        Core::CortexM0 | Core::CortexM0Plus => ["microbit", "rpi-pico"],
        Core::CortexM3 => ["mps2-an385", "nucleo-f446re"],
        Core::CortexM4 => ["mps2-an386", "nucleo-f446re"],
        Core::CortexM7 => ["mps2-an500", "nucleo-h743zi"],
        Core::CortexM33 => ["mps2-an505", "rpi-pico-2"],
        Core::CortexM55 => ["mps3-an547", "rpi-pico-2"],
    };
    names.map(board)
}

/// Links the test models for a core.
///
/// # Errors
/// What cargo or QEMU printed.
pub fn measure(core: Core) -> Result<Base, String> {
    let mut base = Base::default();
    let mut stack = 0;
    for (transport, board) in boards(core).iter().enumerate() {
        let mut rests = Vec::new();
        for model in &MODELS {
            let planned = model.planned();
            let linked = link(&planned, board)?;
            let graph = planned.graph();
            let Linked { helpers, .. } = linked;
            let known = linked.constants
                + linked.code
                + helpers.division
                + helpers.long_multiply
                + gap_bytes(graph)
                + vector_bytes(graph, board)
                + CALL_BYTES * graph.nodes.len();
            rests.push(linked.flash.saturating_sub(known));
            base.statics[transport] = base.statics[transport].max(linked.ram - linked.arena);
            base.helpers.division = base.helpers.division.max(helpers.division);
            base.helpers.long_multiply = base.helpers.long_multiply.max(helpers.long_multiply);
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
