//! Exact planning by branch and bound.
//!
//! Offsets: the search places buffers one after the other, each at the lowest offset at which all
//! placed buffers that conflict with it count as below it ([`offsets::apart`]), the ground if none
//! does. Some sequence leads to a smallest arena. Proof:
//! * In any packing each conflicting pair has a lower buffer. "Lower" has no cycle: conflicts are
//!   common steps, so in a shortest cycle any two buffers conflict (lifetimes are intervals, and a chord
//!   of a longer cycle closes a shorter one), and it consists of three that share a step. A buffer
//!   starts below what it is lower than, except an output that starts above its input by no more than
//!   the input's size; of three buffers of one step at most one pair is an input and its output, and
//!   the third would have to fit between the two starts, above the whole input.
//! * So the buffers can be placed from lower to upper. Each then lies no higher than in the packing.
//!
//! Of the sequences of a packing one is enough: always the lowest buffer, by offset and index, of those
//! with nothing left below. In it a buffer goes lower than the one before only if the two conflict.
//! Bound: at each step, the top of what is placed plus all unplaced bytes of that step, where the
//! second of an input and its output may still go into the first.
//!
//! [`plan_exact`] runs it over every execution order and every choice of in-place outputs: the oracle
//! of the tests. Exponential; both have budgets.

use ember_ir::Graph;
use ember_runtime::scratch::Isa;

use super::in_place::{Buffer, Buffers};
use super::offsets::{self, Placement};
use super::storage::Storages;
use super::{Plan, assemble, order};

/// States that [`plan_exact`] may visit per set of buffers.
const STATES: usize = 2_000_000;
/// Execution orders, times choices of in-place outputs, that it tries.
const CASES: usize = 20_000;

/// The plan with the smallest possible arena, or `None` where proving it is too much work: small
/// graphs (about ten nodes) succeed.
pub fn plan_exact(graph: &Graph, isa: Isa) -> Option<Plan> {
    let storages = Storages::new(graph, isa);
    let mut best: Option<Plan> = None;
    let mut cases = 0;
    for order in order::all(graph, CASES)? {
        // Each node takes its k-th choice; the choices are counted like digits.
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
    // Every conflict shows at the first step of one of the buffers.
    let mut steps: Vec<usize> = buffers.iter().map(|buffer| buffer.first).collect();
    steps.sort_unstable();
    steps.dedup();
    let loads: Vec<Load> = steps.iter().map(|&step| Load::new(buffers, step)).collect();
    let mut search = Search {
        buffers,
        bound: offsets::lower_bound(buffers),
        best: incumbent,
        offsets: vec![0; buffers.len()],
        placed: vec![false; buffers.len()],
        budget,
    };
    search.descend(&loads, &Last::default());
    Proof {
        placement: search.best,
        proven: search.budget > 0,
    }
}

/// One step of the schedule during the search.
#[derive(Clone, Copy)]
struct Load {
    step: usize,
    /// An output that may share bytes, and its input.
    pair: Option<(usize, usize)>,
    /// Top of the placed buffers of this step, but for the pair.
    top: usize,
    /// Bytes of the others, but for the pair.
    unplaced: usize,
}

impl Load {
    fn new(buffers: &[Buffer], step: usize) -> Self {
        let pair = buffers.iter().enumerate().find_map(|(output, buffer)| {
            let over = buffer.over.filter(|_| buffer.first == step)?;
            Some((output, over.buffer))
        });
        let mut load = Self {
            step,
            pair,
            top: 0,
            unplaced: 0,
        };
        for (index, buffer) in buffers.iter().enumerate() {
            if buffer.lives_at(step) && !load.pairs(index) {
                load.unplaced = load.unplaced.saturating_add(buffer.bytes);
            }
        }
        load
    }

    fn pairs(&self, index: usize) -> bool {
        self.pair
            .is_some_and(|(output, input)| index == output || index == input)
    }
}

/// The buffer placed last, and how many are left.
#[derive(Default)]
struct Last {
    placed: usize,
    offset: usize,
    index: usize,
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
    /// Places one more buffer in every way.
    fn descend(&mut self, loads: &[Load], last: &Last) {
        if last.placed == self.buffers.len() {
            let tops = (0..self.buffers.len()).map(|index| self.end(index));
            let arena_bytes = tops.max().unwrap_or(0);
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
            let base = self.base(index);
            let falls = (base, index) < (last.offset, last.index);
            if falls && !(last.placed > 0 && buffer.conflicts(&self.buffers[last.index])) {
                continue;
            }
            self.placed[index] = true;
            self.offsets[index] = base;
            let mut next = loads.to_vec();
            for load in &mut next {
                if buffer.lives_at(load.step) && !load.pairs(index) {
                    load.top = load.top.max(self.end(index));
                    load.unplaced = load.unplaced.saturating_sub(buffer.bytes);
                }
            }
            let floor = base.saturating_sub(self.falls());
            let least = next.iter().map(|load| self.least(load, floor)).max();
            if least.is_none_or(|least| least < self.best.arena_bytes) {
                let last = Last {
                    placed: last.placed + 1,
                    offset: base,
                    index,
                };
                self.descend(&next, &last);
            }
            self.placed[index] = false;
        }
    }

    /// The lowest offset above all that is placed.
    fn base(&self, index: usize) -> usize {
        let others = (0..self.buffers.len()).filter(|&other| {
            self.placed[other] && self.buffers[other].conflicts(&self.buffers[index])
        });
        let bases = others.map(|other| self.base_on(other, index));
        bases.max().unwrap_or(0)
    }

    fn base_on(&self, below: usize, above: usize) -> usize {
        self.offsets[below].saturating_add_signed(offsets::apart(self.buffers, below, above))
    }

    /// One past the last byte of a placed buffer.
    fn end(&self, index: usize) -> usize {
        self.offsets[index].saturating_add(self.buffers[index].bytes)
    }

    /// By how much the offsets to come may fall in all.
    fn falls(&self) -> usize {
        let inputs = self.buffers.iter().filter_map(|buffer| buffer.over);
        let inputs = inputs.filter(|over| over.distance < 0 && !self.placed[over.buffer]);
        inputs
            .map(|over| over.distance.unsigned_abs())
            .fold(0, usize::saturating_add)
    }

    /// What the step will reach at least, when all that is still to come lies at `floor` or above.
    fn least(&self, load: &Load, floor: usize) -> usize {
        let Some((output, input)) = load.pair else {
            return above(load.top, floor, load.unplaced);
        };
        let (first, second) = match (self.placed[output], self.placed[input]) {
            (false, false) => {
                let pair = offsets::pair_bytes(self.buffers, &self.buffers[output], input);
                return above(load.top, floor, load.unplaced.saturating_add(pair));
            }
            (true, true) => {
                let top = load.top.max(self.end(output)).max(self.end(input));
                return above(top, floor, load.unplaced);
            }
            (true, false) => (output, input),
            (false, true) => (input, output),
        };
        // The rest lies on the first of the pair, or the second does, in part within the first.
        let rest = above(load.top.max(self.end(first)), floor, load.unplaced);
        let second_bytes = self.buffers[second].bytes;
        let base = load.top.max(self.base_on(first, second));
        rest.max(above(
            base,
            floor,
            load.unplaced.saturating_add(second_bytes),
        ))
    }
}

/// The end of so many bytes on `top`, all of them at `floor` or above.
fn above(top: usize, floor: usize, bytes: usize) -> usize {
    if bytes == 0 {
        top
    } else {
        top.max(floor).saturating_add(bytes)
    }
}
