//! Offsets for buffers with known lifetimes: the smallest arena in which buffers of a common step are
//! apart. The problem is NP-hard (dynamic storage allocation).
//!
//! Two buffers with a common step have one of them below: the other then starts at least [`apart`]
//! bytes above it. That is the size of the lower one, except where an output may share bytes with its
//! input. So a placed buffer forbids an open interval of offsets to one that is yet to be placed.
//!
//! Best-fit: buffers are placed one after the other, each into the gap between forbidden intervals
//! that it fills best, or above them all. O(n² log n) per priority. Priorities: size, size × steps,
//! lifetime, birth, and death backwards in time: outputs that lie below their inputs come first then,
//! and whole chains of them rest on each other. The best wins; the first that reaches the lower bound
//! ends the search. Small instances that miss the bound go to branch and bound with a budget, as do the
//! largest buffers of larger ones; the rest is small and finds room around them.

use std::cmp::Reverse;

use super::exact;
use super::in_place::{Buffer, Over};

/// Where each buffer lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Placement {
    /// One offset per buffer.
    pub offsets: Vec<usize>,
    /// One past the highest byte.
    pub arena_bytes: usize,
}

/// Buffers that branch and bound takes, and the states it may visit for each size of the arena that it
/// is after: well under a millisecond, because the search plans thousands of candidates.
const EXACT_BUFFERS: usize = 16;
const EXACT_STATES: usize = 1_000;
/// Of more buffers than that, so many of the largest are placed first.
const LARGEST: usize = 14;

/// The best placement found.
pub(super) fn place(buffers: &[Buffer]) -> Placement {
    let greedy = best_greedy(buffers);
    if greedy.arena_bytes == lower_bound(buffers) {
        return greedy;
    }
    if buffers.len() <= EXACT_BUFFERS {
        return improved(buffers, greedy);
    }
    let other = around_the_largest(buffers);
    if other.arena_bytes < greedy.arena_bytes {
        other
    } else {
        greedy
    }
}

/// Branch and bound, first for arenas near the lower bound: the smaller the arena, the sooner a state
/// shows that it leads to none.
fn improved(buffers: &[Buffer], greedy: Placement) -> Placement {
    let bound = lower_bound(buffers);
    let above = greedy.arena_bytes.saturating_sub(bound);
    for limit in [above / 32 + 1, above / 8 + 1, above / 2 + 1, above] {
        let arena_bytes = bound.saturating_add(limit);
        let target = Placement {
            offsets: greedy.offsets.clone(),
            arena_bytes,
        };
        let found = exact::place(buffers, target, EXACT_STATES).placement;
        if found.arena_bytes < arena_bytes {
            return found;
        }
    }
    greedy
}

/// Branch and bound of the largest buffers, best-fit of the others around them.
fn around_the_largest(buffers: &[Buffer]) -> Placement {
    let sequence = sequence(buffers, Priority::Size);
    let (largest, rest) = sequence.split_at(LARGEST.min(sequence.len()));
    let among = |buffer: usize| largest.iter().position(|&other| other == buffer);
    let few: Vec<Buffer> = largest
        .iter()
        .map(|&index| {
            let mut buffer = buffers[index];
            buffer.over = buffer.over.and_then(|over| {
                let buffer = among(over.buffer)?;
                Some(Over { buffer, ..over })
            });
            buffer
        })
        .collect();
    let placed = improved(&few, best_greedy(&few));
    let mut fit = BestFit::new(buffers);
    for (&index, offset) in largest.iter().zip(placed.offsets) {
        fit.put(index, offset);
    }
    fit.fill(rest)
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

/// By how much the offset of `above` is the larger one at least, where `below` counts as the lower of
/// the two. Negative only for an output `below` that may start a little above its input `above`.
pub(super) fn apart(buffers: &[Buffer], below: usize, above: usize) -> isize {
    let (lower, upper) = (&buffers[below], &buffers[above]);
    match (lower.over, upper.over) {
        (Some(over), _) if over.buffer == above => over.distance,
        (_, Some(over)) if over.buffer == below => signed(over.input_bytes),
        _ => signed(lower.bytes),
    }
}

/// Sizes that fit no arena are all the same.
fn signed(bytes: usize) -> isize {
    isize::try_from(bytes).unwrap_or(isize::MAX)
}

/// Bytes that are taken at the fullest step: no placement can be smaller.
pub(super) fn lower_bound(buffers: &[Buffer]) -> usize {
    let at = |step: usize| {
        let mut bytes: usize = 0;
        for buffer in buffers.iter().filter(|buffer| buffer.lives_at(step)) {
            bytes = bytes.saturating_add(buffer.bytes);
        }
        for output in buffers.iter().filter(|buffer| buffer.first == step) {
            if let Some(over) = output.over {
                let apart = buffers[over.buffer].bytes.saturating_add(output.bytes);
                bytes = bytes.saturating_sub(apart - pair_bytes(buffers, output, over.buffer));
            }
        }
        bytes
    };
    let steps = buffers.iter().map(|buffer| at(buffer.first));
    steps.max().unwrap_or(0)
}

/// The fewest bytes that an output and the buffer of its input take together.
///
/// Proof: as of `Sharing::span`, with the input's buffer at 0 and the output at x; above the input
/// the output may begin within its buffer, where the buffer is larger.
pub(super) fn pair_bytes(buffers: &[Buffer], output: &Buffer, input: usize) -> usize {
    let input = buffers[input].bytes;
    let Some(over) = output.over else {
        return input.saturating_add(output.bytes);
    };
    let below = input.saturating_add_signed(over.distance.max(0));
    let above = over.input_bytes.saturating_add(output.bytes);
    input.max(below.max(output.bytes).min(above))
}

/// What is placed first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Priority {
    Size,
    Area,
    Lifetime,
    Birth,
    Death,
}

const PRIORITIES: [Priority; 5] = [
    Priority::Size,
    Priority::Area,
    Priority::Lifetime,
    Priority::Birth,
    Priority::Death,
];

fn best_fit(buffers: &[Buffer], priority: Priority) -> Placement {
    BestFit::new(buffers).fill(&sequence(buffers, priority))
}

fn sequence(buffers: &[Buffer], priority: Priority) -> Vec<usize> {
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
            Priority::Death => (Reverse(buffer.last), Reverse(buffer.bytes), index),
        }
    });
    sequence
}

/// A placement in the making.
struct BestFit<'a> {
    buffers: &'a [Buffer],
    placed: Vec<usize>,
    placement: Placement,
}

impl<'a> BestFit<'a> {
    fn new(buffers: &'a [Buffer]) -> Self {
        Self {
            buffers,
            placed: Vec::with_capacity(buffers.len()),
            placement: Placement {
                offsets: vec![0; buffers.len()],
                arena_bytes: 0,
            },
        }
    }

    fn put(&mut self, index: usize, offset: usize) {
        let end = offset.saturating_add(self.buffers[index].bytes);
        self.placement.offsets[index] = offset;
        self.placement.arena_bytes = self.placement.arena_bytes.max(end);
        self.placed.push(index);
    }

    fn fill(mut self, sequence: &[usize]) -> Placement {
        let buffers = self.buffers;
        let mut forbidden: Vec<(isize, isize)> = Vec::with_capacity(buffers.len());
        for &index in sequence {
            forbidden.clear();
            for &other in &self.placed {
                if buffers[other].conflicts(&buffers[index]) {
                    let at = signed(self.placement.offsets[other]);
                    forbidden.push((
                        at.saturating_sub(apart(buffers, index, other)),
                        at.saturating_add(apart(buffers, other, index)),
                    ));
                }
            }
            self.put(index, best_gap(&mut forbidden));
        }
        self.placement
    }
}

/// The start of the smallest gap between open intervals of forbidden offsets, the lowest of equal
/// ones, or the end of them all.
fn best_gap(forbidden: &mut [(isize, isize)]) -> usize {
    forbidden.sort_unstable();
    let mut best: Option<(isize, isize)> = None; // (left over, offset)
    let mut top: isize = 0;
    for &(start, end) in &*forbidden {
        // Nothing is forbidden to an output of a single pixel.
        if start >= end {
            continue;
        }
        let gap = start - top;
        if gap >= 0 && best.is_none_or(|(smallest, _)| gap < smallest) {
            best = Some((gap, top));
        }
        top = top.max(end);
    }
    best.map_or(top, |(_, offset)| offset).unsigned_abs()
}
