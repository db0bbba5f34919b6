//! Layers that run row by row, so that large images never exist in full.
//!
//! A layer of a chain keeps the youngest rows of its output, its lines, from which the layers behind it
//! take their windows. Time is counted in ticks, one per row of the chain's input; a layer makes its row r
//! at tick `first + r·every`. When a row is due, the lines move down by a row and the new one becomes the
//! last, so every window and every new row lies at a constant place, and the kernels run on them as on
//! any tensor: a window as high as the kernel's extent, an output of one row. Rows above the image and
//! below it are lines full of the zero point, so that no kernel sees vertical padding. Nothing is computed
//! twice. Moving lines costs a quarter of an instruction per byte.
//!
//! Source: line buffers as StreamNet (Zheng et al., NeurIPS 2023) and msf-CNN (2025) use them for
//! patch-based inference; the constant places are ours.

use super::bytes::{copy, fill};
use super::{base, elements, frozen, inside};
use crate::arena::{Memory, Region};
use crate::layer::{FedRows, Rows, StoredRows};
use crate::params::Schedule;

/// Makes room for a row if the layer `L` is due at this tick, and says whether the caller is to write it: to
/// the end of `L::LINES`.
#[inline(always)]
pub fn next_row<L: Rows>(arena: &mut impl Memory, tick: usize) -> bool {
    let base = lines::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>(Region::new(0, 0)) };
    // SAFETY: the lines lie in the arena.
    unsafe { make_room(base, frozen(task), tick) }.is_some()
}

/// Takes the row of the chain's input that this tick brings.
///
/// A source outside the arena does not compile; behind `LINES` there are 8 bytes here.
/// ```
/// # use ember_runtime::{Arena, Region, kernels::feed_row, layer, params::Schedule};
/// # struct Input<const SOURCE: usize>;
/// # impl<const SOURCE: usize> layer::Rows for Input<SOURCE> {
/// #     const LINES: Region = Region::new(0, 8);
/// #     const SCHEDULE: Schedule = Schedule { row: 4, first: 0, every: 1, count: 2, padding: 0 };
/// # }
/// # impl<const SOURCE: usize> layer::FedRows for Input<SOURCE> {
/// #     const SOURCE: Region = Region::new(SOURCE, 8);
/// # }
/// feed_row::<Input<8>>(&mut Arena::<16>::new(), 0);
/// ```
/// ```compile_fail
/// # use ember_runtime::{Arena, Region, kernels::feed_row, layer, params::Schedule};
/// # struct Input<const SOURCE: usize>;
/// # impl<const SOURCE: usize> layer::Rows for Input<SOURCE> {
/// #     const LINES: Region = Region::new(0, 8);
/// #     const SCHEDULE: Schedule = Schedule { row: 4, first: 0, every: 1, count: 2, padding: 0 };
/// # }
/// # impl<const SOURCE: usize> layer::FedRows for Input<SOURCE> {
/// #     const SOURCE: Region = Region::new(SOURCE, 8);
/// # }
/// feed_row::<Input<12>>(&mut Arena::<16>::new(), 0);
/// ```
#[inline(always)]
pub fn feed_row<L: FedRows>(arena: &mut impl Memory, tick: usize) {
    let base = source::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>(L::SOURCE) };
    // SAFETY: lines and source lie in the arena and are apart; the row is one of the source.
    unsafe {
        let task = frozen(task);
        if let Some(row) = make_room(base, task, tick) {
            let source = base.add(task.image + row * task.pitch).cast_const();
            copy(source, base.add(task.newest()), task.row);
        }
    }
}

/// Puts the row that the layer `L` made at this tick, if it did, where the chain's output is collected.
#[inline(always)]
pub fn store_row<L: StoredRows>(arena: &mut impl Memory, tick: usize) {
    let base = stored::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>(L::IMAGE) };
    // SAFETY: lines and image lie in the arena and are apart; the row is one of the image.
    unsafe {
        let task = frozen(task);
        if let Turn::Row(row) = task.clock.turn(tick) {
            let newest = base.add(task.newest()).cast_const();
            copy(newest, base.add(task.image + row * task.pitch), task.row);
        }
    }
}

/// The arena of rows whose lines lie inside, or it does not compile.
#[inline(always)]
fn lines<L: Rows, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        inside(L::LINES, M::LEN);
        assert!(L::SCHEDULE.row > 0, "empty rows");
        assert!(
            L::LINES.len >= L::SCHEDULE.row && L::LINES.len.is_multiple_of(L::SCHEDULE.row),
            "lines and rows differ"
        );
    }
    base(arena)
}

/// As [`lines`], with the source.
#[inline(always)]
fn source<L: FedRows, M: Memory>(arena: &mut M) -> *mut i8 {
    const { image::<L>(L::SOURCE, M::LEN) };
    lines::<L, M>(arena)
}

/// As [`lines`], with the place where rows are collected.
#[inline(always)]
fn stored<L: StoredRows, M: Memory>(arena: &mut M) -> *mut i8 {
    const { image::<L>(L::IMAGE, M::LEN) };
    lines::<L, M>(arena)
}

/// Asserts that an image of all rows, or one row that is written anew for each tick, lies in the arena and
/// fits the schedule.
const fn image<L: Rows>(image: Region, arena: usize) {
    inside(image, arena);
    let Schedule { row, count, .. } = L::SCHEDULE;
    assert!(
        image.len == row || image.len == elements([1, count, row]),
        "image and rows differ"
    );
    assert!(!image.overlaps(L::LINES), "image and lines overlap");
}

/// What happens at a tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// The layer rests.
    Nothing,
    /// It makes the row of this number.
    Row(usize),
    /// All rows are made; the rows below the image come.
    Below,
}

/// When rows are due.
#[derive(Debug)]
pub(super) struct Clock {
    first: usize,
    every: usize,
    /// 2¹⁶ / every, rounded up: small cores have no division.
    reciprocal: usize,
    count: usize,
}

/// Ticks times `every` stay below: the product with the reciprocal is exact then, and fits 32 bits.
pub const MOST_TICKS: usize = 1 << 16;

impl Clock {
    pub(super) const fn new(schedule: &Schedule) -> Self {
        let Schedule {
            first,
            every,
            count,
            ..
        } = *schedule;
        assert!(every > 0 && count > 0, "no rows");
        assert!(
            first < MOST_TICKS && every < MOST_TICKS && count <= MOST_TICKS / every / every,
            "too many ticks"
        );
        Self {
            first,
            every,
            reciprocal: MOST_TICKS.div_ceil(every),
            count,
        }
    }

    /// Rows in all.
    #[inline(always)]
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Proof of the quotient: with 2¹⁶ = every·reciprocal − e, 0 ≤ e < every, the product over 2¹⁶ is
    /// since / every · (1 + e / 2¹⁶), above the true quotient by less than since / 2¹⁶ < 1 / every.
    #[inline(always)]
    pub(super) fn turn(&self, tick: usize) -> Turn {
        let since = tick.wrapping_sub(self.first);
        if tick < self.first {
            return Turn::Nothing;
        }
        let row = since.wrapping_mul(self.reciprocal) >> 16;
        if row.wrapping_mul(self.every) != since {
            Turn::Nothing
        } else if row < self.count {
            Turn::Row(row)
        } else {
            Turn::Below
        }
    }
}

/// A layer's rows, as the functions below read them; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offset in the arena.
    lines: usize,
    /// Bytes of all lines.
    len: usize,
    row: usize,
    /// Offset of the input or output as a whole.
    image: usize,
    /// Bytes between its rows.
    pitch: usize,
    clock: Clock,
    padding: i8,
}

impl Task {
    const fn new<L: Rows>(image: Region) -> Self {
        let schedule = L::SCHEDULE;
        Self {
            lines: L::LINES.offset,
            len: L::LINES.len,
            row: schedule.row,
            image: image.offset,
            pitch: if image.len > schedule.row {
                schedule.row
            } else {
                0
            },
            clock: Clock::new(&schedule),
            padding: schedule.padding,
        }
    }

    /// Where the newest row lies.
    #[inline(always)]
    fn newest(&self) -> usize {
        self.lines + (self.len - self.row)
    }
}

/// Moves the lines down and returns the row that is due, if one is.
///
/// # Safety
/// The lines lie in the arena.
#[inline(never)]
unsafe fn make_room(arena: *mut i8, task: &Task, tick: usize) -> Option<usize> {
    let turn = task.clock.turn(tick);
    // A single line holds nothing that lasts: layers may take turns in its bytes.
    if task.len > task.row && turn != Turn::Nothing {
        // SAFETY: all of it lies in the lines.
        unsafe {
            let lines = arena.add(task.lines);
            let newest = arena.add(task.newest());
            if turn == Turn::Row(0) {
                fill(lines, task.len - task.row, task.padding);
            } else {
                copy(lines.add(task.row).cast_const(), lines, task.len - task.row);
            }
            if turn == Turn::Below {
                fill(newest, task.row, task.padding);
            }
        }
    }
    match turn {
        Turn::Row(row) => Some(row),
        Turn::Nothing | Turn::Below => None,
    }
}
