//! The price of a network is that of the crate that would be emitted for it: the planner's plan and
//! the cost model of the back end, the same code that emission runs.

use ember_codegen::cost::{Memory, add_calls, add_front, footprint, plan_for};
use ember_codegen::front::Front;
use ember_codegen::target::Board;
use ember_codegen::{deployed, steps};
use ember_ir::Graph;

use crate::constraint::{Cost, Price};

/// Prices networks for a board.
#[derive(Clone, Debug)]
pub struct PlannerPrice<'a> {
    /// Where the firmware will run.
    pub board: &'a Board,
    /// How networks may use its RAM.
    pub memory: Memory,
    /// Steps that come at a time, where they do: the price is that of such a call.
    pub hop: Option<usize>,
    /// What makes their input out of sound, if something does; `memory` is without it.
    pub front: Option<Front>,
}

impl Price for PlannerPrice<'_> {
    fn price(&self, graph: &Graph) -> Cost {
        let Ok(deployed) = deployed(graph, self.hop) else {
            return Cost::UNAFFORDABLE;
        };
        let calls = steps::calls(graph, &deployed);
        let graph = &*deployed;
        let Some(plan) = plan_for(graph, self.board, self.memory) else {
            return Cost::UNAFFORDABLE;
        };
        let footprint = footprint(graph, &plan, self.board);
        let footprint = add_calls(footprint, graph, calls, self.board);
        let footprint = match &self.front {
            Some(front) => add_front(footprint, front, self.board),
            None => footprint,
        };
        Cost {
            flash_bytes: footprint.flash_bytes,
            ram_bytes: footprint.ram_bytes,
            arena_bytes: footprint.arena_bytes,
            instructions: footprint.instructions,
            macs: footprint.macs,
        }
    }
}
