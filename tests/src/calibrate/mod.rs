//! Fits the cost model's table: many layers as the search draws them, built into one firmware per core,
//! their code read from the ELF and their instructions counted in QEMU, then one least-squares fit per
//! kernel.
//!
//! Reading order: [`layers`] (what is measured), [`bench`] (how), [`cycles`] (an estimate beside),
//! [`fit`] (the factors).

pub mod base;
pub mod bench;
pub mod chains;
pub mod cycles;
pub mod fit;
pub mod layers;
mod others;
pub mod parts;

use ember_codegen::target::{Board, Core};

use crate::firmware::board;

/// The core and a board with room for hundreds of layers that executes its code. An Armv6-M program
/// runs the same instructions on the larger core.
pub fn bench_board(core: Core) -> Board {
    let board = board(match core {
        Core::CortexM0 | Core::CortexM0Plus => "mps2-an385-armv6m",
        Core::CortexM3 => "mps2-an385",
        Core::CortexM4 => "mps2-an386",
        Core::CortexM7 => "mps2-an500",
        Core::CortexM33 => "mps2-an505",
        Core::CortexM55 => "mps3-an547",
    });
    Board { core, ..board }
}
