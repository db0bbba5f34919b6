//! Which plan a network gets: layers one after the other, or a chain of them row by row.
//!
//! Running row by row costs instructions: lines are moved, and kernels are called once per row. So it is
//! for networks that need it, or for those who ask.

use ember_ir::Graph;

use super::{Footprint, footprint, price};
use crate::lower::Layer;
use crate::plan::{Plan, plan, plan_chains};
use crate::target::Board;

/// How a network may use the RAM.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
    /// Layer by layer.
    Whole,
    /// Layer by layer if the firmware takes no more than so many bytes of RAM; else the chain with the fewest
    /// instructions that does, or the smallest if none does.
    Within(usize),
    /// The chain with the smallest arena for at most so many percent more instructions.
    Rows(u64),
    /// The input comes row by row: the chain with the smallest arena.
    Fed,
}

/// The plan of a graph that the verifier accepts; `None` if its input cannot come row by row. Priced by the
/// topology alone, as a search does it.
pub fn plan_for(graph: &Graph, board: &Board, memory: Memory) -> Option<Plan> {
    plan_priced(graph, memory, board, |plan| footprint(graph, plan, board))
}

/// As [`plan_for`], of a network whose integers are known: how its outputs are requantised makes a percent
/// or so of what rows cost.
pub fn plan_for_network(
    graph: &Graph,
    layers: &[Layer],
    board: &Board,
    memory: Memory,
) -> Option<Plan> {
    plan_priced(graph, memory, board, |plan| {
        price(graph, plan, Some(layers), board)
    })
}

fn plan_priced(
    graph: &Graph,
    memory: Memory,
    board: &Board,
    cost: impl Fn(&Plan) -> Footprint,
) -> Option<Plan> {
    let smallest = |plans: Vec<Plan>| plans.into_iter().min_by_key(|plan| plan.arena_bytes);
    if memory == Memory::Fed {
        return smallest(plan_chains(graph, board.isa(), true, usize::MAX));
    }
    let whole = plan(graph, board.isa());
    // Larger ones are of no use.
    let chains = || plan_chains(graph, board.isa(), false, whole.arena_bytes);
    match memory {
        Memory::Whole | Memory::Fed => Some(whole),
        Memory::Within(bytes) if cost(&whole).ram_bytes <= bytes => Some(whole),
        Memory::Within(bytes) => {
            let plans = chains();
            let fitting = plans.iter().filter(|plan| cost(plan).ram_bytes <= bytes);
            let quickest = fitting.min_by_key(|plan| cost(plan).instructions).cloned();
            quickest.or_else(|| smallest([plans, vec![whole]].concat()))
        }
        Memory::Rows(percent) => {
            let most = cost(&whole).instructions * (100 + percent) / 100;
            let mut plans = chains();
            plans.retain(|plan| cost(plan).instructions <= most);
            plans.insert(0, whole);
            smallest(plans)
        }
    }
}
