//! The price of a network is that of the crate that would be emitted for it: the planner's plan and
//! the cost model of the back end, the same code that emission runs.

use ember_codegen::cost::footprint;
use ember_codegen::plan::plan;
use ember_codegen::target::Board;
use ember_ir::Graph;

use crate::constraint::{Cost, Price};

/// Prices networks for a board.
#[derive(Clone, Copy, Debug)]
pub struct PlannerPrice<'a> {
    /// Where the firmware will run.
    pub board: &'a Board,
}

impl Price for PlannerPrice<'_> {
    fn price(&self, graph: &Graph) -> Cost {
        let footprint = footprint(graph, &plan(graph, self.board.isa()), self.board);
        Cost {
            flash_bytes: footprint.flash_bytes,
            ram_bytes: footprint.ram_bytes,
            arena_bytes: footprint.arena_bytes,
            instructions: footprint.instructions,
            macs: footprint.macs,
        }
    }
}
