//! Means over a whole image whose rows come one by one: sums are kept instead of the image.

use super::average_pool2d::rounded_mean;
use super::mean::Task as MeanTask;
use super::rows::{Clock, Turn};
use super::{base, elements, frozen, inside, rolled};
use crate::arena::Memory;
use crate::layer::{Mean, Pool2d, SummedRows, Unary};

/// Adds the row that this tick brings to the sums of the layer `L`, and writes the layer's output with the
/// last one.
#[inline(always)]
pub fn mean_row_s8<L: Mean + SummedRows>(arena: &mut impl Memory, tick: usize) {
    let base = valid::<L, _>(arena);
    let task: &'static (Task, MeanTask) =
        const { &(Task::new::<L>(L::PARAMS.input), MeanTask::new::<L>()) };
    // SAFETY: regions and shapes were checked against each other.
    unsafe {
        let (task, mean) = frozen(task);
        if add(base, task, tick) {
            mean.finish(base.add(task.sums).cast(), base);
        }
    }
}

/// As [`mean_row_s8`], for an average pool whose window is the whole image.
#[inline(always)]
pub fn average_row_s8<L: Pool2d + SummedRows>(arena: &mut impl Memory, tick: usize) {
    const {
        let p = L::PARAMS;
        assert!(
            p.kernel[0] == p.input[0] && p.kernel[1] == p.input[1],
            "the window is not the image"
        );
        assert!(p.pad[0] + p.pad[1] == 0, "the window is padded");
    }
    let base = valid::<L, _>(arena);
    let task: &'static (Task, [i8; 2]) =
        const { &(Task::new::<L>(L::PARAMS.input), L::PARAMS.clamp) };
    // SAFETY: regions and shapes were checked against each other.
    unsafe {
        let (task, clamp) = frozen(task);
        if add(base, task, tick) {
            averages(base, task, *clamp);
        }
    }
}

/// The arena of a layer whose regions fit its shape, or it does not compile.
#[inline(always)]
fn valid<L: Unary + SummedRows, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        inside(L::INPUT, M::LEN);
        inside(L::OUTPUT, M::LEN);
        inside(L::SUMS, M::LEN);
        assert!(
            !L::SUMS.overlaps(L::INPUT) && !L::SUMS.overlaps(L::OUTPUT),
            "sums overlap input or output"
        );
    }
    base(arena)
}

/// A layer as [`add`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    sums: usize,
    /// Pixels of a row.
    columns: usize,
    channels: usize,
    pixels: usize,
    clock: Clock,
}

impl Task {
    const fn new<L: Unary + SummedRows>(shape: [usize; 3]) -> Self {
        let [height, columns, channels] = shape;
        assert!(elements(shape) > 0, "empty layer");
        assert!(
            L::INPUT.len == columns * channels && L::SCHEDULE.row == L::INPUT.len,
            "input region and rows differ"
        );
        assert!(L::SCHEDULE.count == height, "schedule and shape differ");
        assert!(
            L::OUTPUT.len == channels,
            "output region and channels differ"
        );
        assert!(
            L::SUMS.len == channels * size_of::<i32>(),
            "sums and channels differ"
        );
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            sums: L::SUMS.offset,
            columns,
            channels,
            pixels: height * columns,
            clock: Clock::new(&L::SCHEDULE),
        }
    }
}

/// Adds a row, if one comes; whether it was the last.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn add(arena: *mut i8, task: &Task, tick: usize) -> bool {
    let Turn::Row(row) = task.clock.turn(tick) else {
        return false;
    };
    // SAFETY: the regions lie in the arena and have the shape's sizes; the sums are aligned as regions are.
    unsafe {
        let mut pixel = arena.add(task.input).cast_const();
        let mut sum = arena.add(task.sums).cast::<i32>();
        // Four channels at a time, where they are a word.
        let words = if task.channels.is_multiple_of(4) {
            task.channels / 4
        } else {
            0
        };
        for _ in 0..words {
            rolled();
            let [mut a, mut b, mut c, mut d] = if row == 0 {
                [0; 4]
            } else {
                *sum.cast::<[i32; 4]>()
            };
            let mut x = pixel;
            for _ in 0..task.columns {
                rolled();
                let word = *x.cast::<u32>();
                a = a.wrapping_add(i32::from(word as i8));
                b = b.wrapping_add(i32::from((word >> 8) as i8));
                c = c.wrapping_add(i32::from((word >> 16) as i8));
                d = d.wrapping_add(i32::from((word >> 24) as i8));
                x = x.wrapping_add(task.channels);
            }
            *sum.cast::<[i32; 4]>() = [a, b, c, d];
            (pixel, sum) = (pixel.add(4), sum.add(4));
        }
        for _ in 4 * words..task.channels {
            rolled();
            let mut total = if row == 0 { 0 } else { *sum };
            let mut x = pixel;
            for _ in 0..task.columns {
                rolled();
                total = total.wrapping_add(i32::from(*x));
                x = x.wrapping_add(task.channels);
            }
            *sum = total;
            (pixel, sum) = (pixel.add(1), sum.add(1));
        }
    }
    row + 1 == task.clock.count()
}

/// Writes the averages.
///
/// # Safety
/// As [`add`].
#[inline(never)]
unsafe fn averages(arena: *mut i8, task: &Task, [low, high]: [i8; 2]) {
    // SAFETY: as in `add`.
    unsafe {
        let sums = arena.add(task.sums).cast::<i32>();
        for c in 0..task.channels {
            rolled();
            let mean = rounded_mean(*sums.add(c), task.pixels);
            *arena.add(task.output + c) = mean.min(i32::from(high)).max(i32::from(low)) as i8;
        }
    }
}
