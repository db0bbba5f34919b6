//! Offsets for buffers with known lifetimes: the smallest arena in which no two buffers of a common
//! step overlap. The problem is NP-hard (dynamic storage allocation).
//!
//! Best-fit: buffers are placed one after the other, each into the smallest gap between the placed
//! buffers that conflict with it, or above them. O(n²) per priority. Priorities: size, size × steps,
//! lifetime, birth. The best wins; the first that reaches the lower bound ends the search. Small
//! instances that miss the bound go to branch and bound with a budget.

use std::cmp::Reverse;

use super::exact;
use super::in_place::Buffer;

/// Where each buffer lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Placement {
    /// One offset per buffer.
    pub offsets: Vec<usize>,
    /// One past the highest byte.
    pub arena_bytes: usize,
}

/// Buffers up to which branch and bound is worth its time, and the states it may visit: well under a
/// millisecond, because the search plans thousands of candidates.
const EXACT_BUFFERS: usize = 24;
const EXACT_STATES: usize = 4_000;

/// The best placement found.
pub(super) fn place(buffers: &[Buffer]) -> Placement {
    let greedy = best_greedy(buffers);
    if greedy.arena_bytes > lower_bound(buffers) && buffers.len() <= EXACT_BUFFERS {
        return exact::place(buffers, greedy, EXACT_STATES).placement;
    }
    greedy
}

/// The best of all priorities.
pub(super) fn best_greedy(buffers: &[Buffer]) -> Placement {
    let bound = lower_bound(buffers);
    let mut best = best_fit(buffers, PRIORITIES[0]);
    for &priority in &PRIORITIES[1..] {
        if best.arena_bytes == bound {
            break;
        }
        let other = best_fit(buffers, priority);
        if other.arena_bytes < best.arena_bytes {
            best = other;
        }
    }
    best
}

/// Live bytes at the fullest step: no placement can be smaller.
pub(super) fn lower_bound(buffers: &[Buffer]) -> usize {
    buffers
        .iter()
        .map(|at| {
            buffers
                .iter()
                .filter(|buffer| buffer.first <= at.first && at.first <= buffer.last)
                .map(|buffer| buffer.bytes)
                .fold(0, usize::saturating_add)
        })
        .max()
        .unwrap_or(0)
}

/// What is placed first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Priority {
    Size,
    Area,
    Lifetime,
    Birth,
}

const PRIORITIES: [Priority; 4] = [
    Priority::Size,
    Priority::Area,
    Priority::Lifetime,
    Priority::Birth,
];

fn best_fit(buffers: &[Buffer], priority: Priority) -> Placement {
    let mut sequence: Vec<usize> = (0..buffers.len()).collect();
    sequence.sort_by_key(|&index| {
        let buffer = &buffers[index];
        let steps = buffer.last - buffer.first + 1;
        let area = buffer.bytes.saturating_mul(steps);
        // The index last: equal keys are placed in a fixed sequence.
        match priority {
            Priority::Size => (Reverse(buffer.bytes), Reverse(steps), index),
            Priority::Area => (Reverse(area), Reverse(buffer.bytes), index),
            Priority::Lifetime => (Reverse(steps), Reverse(buffer.bytes), index),
            Priority::Birth => (
                Reverse(usize::MAX - buffer.first),
                Reverse(buffer.bytes),
                index,
            ),
        }
    });
    let mut offsets = vec![0; buffers.len()];
    let mut arena_bytes = 0;
    // Buffers placed so far, by offset.
    let mut placed: Vec<usize> = Vec::with_capacity(buffers.len());
    for index in sequence {
        let offset = smallest_gap(buffers, &offsets, &placed, index);
        offsets[index] = offset;
        arena_bytes = arena_bytes.max(offset.saturating_add(buffers[index].bytes));
        let at = placed.partition_point(|&other| offsets[other] <= offset);
        placed.insert(at, index);
    }
    Placement {
        offsets,
        arena_bytes,
    }
}

/// Offset of the smallest gap between the conflicting placed buffers that holds the buffer, the
/// lowest of equal ones, or the end of the highest of them.
fn smallest_gap(buffers: &[Buffer], offsets: &[usize], placed: &[usize], index: usize) -> usize {
    let buffer = &buffers[index];
    let mut best: Option<(usize, usize)> = None; // (gap, offset)
    let mut top: usize = 0;
    for &other in placed {
        if !buffers[other].conflicts(buffer) {
            continue;
        }
        let gap = offsets[other].saturating_sub(top);
        if gap >= buffer.bytes && best.is_none_or(|(smallest, _)| gap < smallest) {
            best = Some((gap, top));
        }
        top = top.max(offsets[other].saturating_add(buffers[other].bytes));
    }
    best.map_or(top, |(_, offset)| offset)
}
