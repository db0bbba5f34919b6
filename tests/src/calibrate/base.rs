//! What a firmware takes without its layers: whole emitted crates, linked, less what is known of them.

use std::collections::BTreeMap;

use ember_codegen::cost::{RowPart, counts, vector_bytes};
use ember_codegen::plan::Planned;
use ember_codegen::target::{Board, Core, Prefer};

use super::{chains, fit};
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
    /// What `infer` is longer by per chain, per stage, and per image that rows are collected in.
    pub rows: [usize; 3],
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
            let known = linked.constants + linked.code + known(&planned, board, tasks).0;
            rests.push(linked.flash.saturating_sub(known));
            base.statics[transport] = base.statics[transport].max(linked.ram - linked.arena);
            if let Some(ran) = linked.ran {
                stack = stack.max(ran?.stack);
            }
        }
        eprintln!("  base on {}: {rests:?}", board.name);
        base.flash[transport] = rests.iter().sum::<usize>() / rests.len();
        // The same code on both transports.
        if transport == 0 {
            base.rows = rows(board, tasks, base.flash[0])?;
        }
    }
    base.stack = ((stack as f64 * STACK_MARGIN) as usize).next_multiple_of(64);
    Ok(base)
}

/// Bytes of the layers' calls and of their constants beside the streams, with golden vectors; also how many chains,
/// stages and collected images there are.
fn known(planned: &Planned, board: &Board, tasks: &BTreeMap<String, u64>) -> (usize, [usize; 3]) {
    let graph = planned.graph();
    let (mut bytes, mut parts) = (0, [0; 3]);
    for (index, layer) in planned.layers().iter().enumerate() {
        for (features, _) in counts(graph, planned.plan(), index, Some(layer), board.isa()) {
            bytes += tasks.get(features.kernel.name()).copied().unwrap_or(0) + CALL_BYTES;
            match features.part {
                Some(RowPart::Feed) => parts[0] += 1,
                Some(RowPart::Next) => parts[1] += 1,
                Some(RowPart::Store) => parts[2] += 1,
                Some(RowPart::Sums) | None => {}
            }
        }
    }
    (bytes as usize + vector_bytes(graph, board), parts)
}

/// What chains of all lengths have in `infer` beside the calls, by least squares.
fn rows(board: &Board, tasks: &BTreeMap<String, u64>, base: usize) -> Result<[usize; 3], String> {
    let (mut counts, mut rests) = (Vec::new(), Vec::new());
    for planned in chains::of_all_lengths(9, board.isa()) {
        let linked = link(&planned, board)?;
        let (known, parts) = known(&planned, board, tasks);
        let known = linked.constants + linked.code + known + base;
        counts.push(parts.map(|count| count as f64).to_vec());
        rests.push(linked.flash.saturating_sub(known) as f64);
    }
    // Bytes, not percent.
    let factors = fit::least_squares(&counts, &rests, 1e6);
    eprintln!("  rows: {factors:.1?} of {rests:?} for {counts:?}");
    Ok(std::array::from_fn(|part| factors[part].round() as usize))
}
