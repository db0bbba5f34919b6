//! Fits the cost model's table: many layers as the search draws them, built into one firmware per core,
//! their code read from the ELF and their instructions counted in QEMU, then one least-squares fit per
//! kernel.
//!
//! Reading order: [`layers`] (what is measured), [`bench`] (how), [`fit`] (the factors).

pub mod base;
pub mod bench;
pub mod fit;
pub mod layers;

use ember_codegen::target::{Board, Core};

use crate::firmware::board;

/// The core and a board with room for hundreds of layers that executes its code. An Armv6-M program
/// runs the same instructions on the larger core.
pub fn bench_board(core: Core) -> Board {
    let big = |name: &str| board(name);
    match core {
        Core::CortexM0 | Core::CortexM0Plus => {
            let mut board = big("mps2-an385");
            board.core = core;
            board.triple = "thumbv6m-none-eabi".to_owned();
            board
        }
        Core::CortexM3 => big("mps2-an385"),
        Core::CortexM4 => big("mps2-an386"),
        Core::CortexM7 => big("mps2-an500"),
        Core::CortexM33 => big("mps2-an505"),
        Core::CortexM55 => big("mps3-an547"),
    }
}
