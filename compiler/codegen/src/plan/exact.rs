//! Exact planning by branch and bound.
//!
//! Offsets: in some optimal packing every buffer rests on the ground or on a conflicting buffer. Taken
//! in ascending order of offset, each buffer then lies exactly on the highest conflicting buffer below
//! it. So the search places buffers one after the other, each on top of what conflicts with it, with
//! offsets that never fall (equal offsets by ascending index: one sequence per packing). Bound: at
//! each step, the top of what is placed plus all unplaced bytes of that step.
//!
//! [`plan_exact`] runs it over every execution order and every choice of in-place additions: the
//! oracle of the tests. Exponential; both have budgets.

use ember_ir::Graph;

use super::in_place::{Buffer, Buffers};
use super::offsets::{self, Placement};
use super::storage::Storages;
use super::{Plan, assemble, order};

/// States that [`plan_exact`] may visit per set of buffers.
const STATES: usize = 2_000_000;
/// Execution orders, times choices of in-place additions, that it tries.
const CASES: usize = 20_000;

/// The plan with the smallest possible arena, or `None` where proving it is too much work: small
/// graphs (about ten nodes) succeed.
pub fn plan_exact(graph: &Graph) -> Option<Plan> {
    let storages = Storages::new(graph);
    let mut best: Option<Plan> = None;
    let mut cases = 0;
    for order in order::all(graph, CASES)? {
        // Each addition takes its k-th choice; the choices are counted like digits.
        let mut digits: Vec<usize> = Vec::new();
        loop {
            cases += 1;
            if cases > CASES {
                return None;
            }
            let mut radices = Vec::new();
            let buffers = Buffers::with_choice(graph, &storages, &order, |_, dying, _| {
                let digit = digits.get(radices.len()).copied().unwrap_or(0);
                radices.push(dying.len() + 1);
                dying.get(digit).copied()
            });
            let limit = best.as_ref().map_or(usize::MAX, |plan| plan.arena_bytes);
            if offsets::lower_bound(&buffers.all) < limit {
                let result = place(&buffers.all, offsets::place(&buffers.all), STATES);
                if !result.proven {
                    return None;
                }
                if result.placement.arena_bytes < limit {
                    best = Some(assemble(
                        graph,
                        &storages,
                        &order,
                        &buffers,
                        &result.placement,
                    ));
                }
            }
            if !advance(&mut digits, &radices) {
                break;
            }
        }
    }
    best
}

/// Counts up; `false` after the last combination.
fn advance(digits: &mut Vec<usize>, radices: &[usize]) -> bool {
    digits.resize(radices.len(), 0);
    for position in (0..digits.len()).rev() {
        digits[position] += 1;
        if digits[position] < radices[position] {
            digits.truncate(position + 1);
            return true;
        }
    }
    false
}

/// What branch and bound found.
pub(super) struct Proof {
    /// The best placement.
    pub placement: Placement,
    /// Whether no smaller one exists; otherwise the budget ran out.
    pub proven: bool,
}

/// Improves on `incumbent`, visiting at most `budget` states.
pub(super) fn place(buffers: &[Buffer], incumbent: Placement, budget: usize) -> Proof {
    let mut search = Search {
        buffers,
        bound: offsets::lower_bound(buffers),
        best: incumbent,
        offsets: vec![0; buffers.len()],
        placed: vec![false; buffers.len()],
        budget,
    };
    // Every conflict shows at the first step of one of the buffers.
    let mut steps: Vec<usize> = buffers.iter().map(|buffer| buffer.first).collect();
    steps.sort_unstable();
    steps.dedup();
    let loads = steps
        .iter()
        .map(|&step| Load {
            step,
            top: 0,
            unplaced: buffers
                .iter()
                .filter(|buffer| buffer.first <= step && step <= buffer.last)
                .map(|buffer| buffer.bytes)
                .fold(0, usize::saturating_add),
        })
        .collect::<Vec<_>>();
    search.descend(&loads, buffers.len(), 0, 0);
    Proof {
        placement: search.best,
        proven: search.budget > 0,
    }
}

/// One step of the schedule during the search.
#[derive(Clone, Copy)]
struct Load {
    step: usize,
    /// Top of the placed buffers of this step.
    top: usize,
    /// Bytes of the others.
    unplaced: usize,
}

impl Load {
    /// What the step will reach at least, when all that is still to come lies at `offset` or above.
    fn least(&self, offset: usize) -> usize {
        if self.unplaced == 0 {
            self.top
        } else {
            self.top.max(offset).saturating_add(self.unplaced)
        }
    }
}

struct Search<'a> {
    buffers: &'a [Buffer],
    bound: usize,
    best: Placement,
    offsets: Vec<usize>,
    placed: Vec<bool>,
    budget: usize,
}

impl Search<'_> {
    /// Places one more buffer in every way; the last one lies at `offset` and has index `last`.
    fn descend(&mut self, loads: &[Load], unplaced: usize, offset: usize, last: usize) {
        if unplaced == 0 {
            let arena_bytes = loads.iter().map(|load| load.top).max().unwrap_or(0);
            if arena_bytes < self.best.arena_bytes {
                self.best = Placement {
                    offsets: self.offsets.clone(),
                    arena_bytes,
                };
            }
            return;
        }
        for index in 0..self.buffers.len() {
            if self.placed[index] {
                continue;
            }
            if self.budget == 0 || self.best.arena_bytes == self.bound {
                return;
            }
            self.budget -= 1;
            let buffer = self.buffers[index];
            let covers = |load: &Load| buffer.first <= load.step && load.step <= buffer.last;
            let base = loads
                .iter()
                .filter(|load| covers(load))
                .map(|load| load.top);
            let base = base.max().unwrap_or(0);
            if base < offset || (base == offset && index < last) {
                continue;
            }
            let next: Vec<Load> = loads
                .iter()
                .map(|load| {
                    let mut load = *load;
                    if covers(&load) {
                        load.top = base.saturating_add(buffer.bytes);
                        load.unplaced = load.unplaced.saturating_sub(buffer.bytes);
                    }
                    load
                })
                .collect();
            let least = next.iter().map(|load| load.least(base)).max();
            if least.is_some_and(|least| least >= self.best.arena_bytes) {
                continue;
            }
            self.placed[index] = true;
            self.offsets[index] = base;
            self.descend(&next, unplaced - 1, base, index);
            self.placed[index] = false;
        }
    }
}
