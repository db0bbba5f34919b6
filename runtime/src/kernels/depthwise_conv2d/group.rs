//! The channels that go through the image together, and how their rows get into the band.

use super::Task;
use crate::isa::depthwise_conv2d as isa;
use crate::kernels::{least, rolled};
use crate::scratch::CHANNELS;

/// Output channels `first..first + count`.
pub(super) struct Group {
    pub(super) first: usize,
    pub(super) count: usize,
    /// The input channel of the first, and how many outputs it had before.
    source: (usize, usize),
}

/// Rows of an input, as many from `first` on; rows before the first and behind the last are padding.
pub(super) struct Rows {
    pub(super) first: usize,
    pub(super) count: usize,
}

impl Group {
    /// The first group of a layer with so many channels.
    #[inline(always)]
    pub(super) fn first(channels: usize) -> Self {
        Self {
            first: 0,
            count: least(CHANNELS, channels),
            source: (0, 0),
        }
    }

    /// The group behind this one.
    #[inline(always)]
    pub(super) fn next<const WHOLE: bool>(&mut self, multiplier: usize, channels: usize) {
        self.first += CHANNELS;
        if WHOLE {
            return;
        }
        self.count = least(CHANNELS, channels.saturating_sub(self.first));
        if multiplier == 1 {
            self.source.0 += CHANNELS;
        } else {
            for _ in 0..CHANNELS {
                rolled();
                self.source = after(self.source, multiplier);
            }
        }
    }

    /// Copies some input rows of the channels, with padding; a row outside is all padding.
    ///
    /// Where one band is the whole layer, padding of the first group stays where it is for all.
    ///
    /// # Safety
    /// The channels exist, and `to` has room for the padded rows.
    #[inline(always)]
    pub(super) unsafe fn copy_rows<const WHOLE: bool>(
        &self,
        task: &Task,
        arena: *mut i8,
        rows: Rows,
        to: *mut i8,
    ) {
        let padded = self.first > 0 && task.whole;
        // SAFETY: the caller's promise; the input's channels are as the output's in the first case.
        unsafe {
            if WHOLE || (task.multiplier == 1 && self.count == CHANNELS) {
                let row = arena.add(task.input + self.first);
                copy_adjacent(task, row, rows, to, padded);
            } else {
                self.copy_apart(task, arena.add(task.input), rows, to);
            }
        }
    }

    /// Copies rows of channels that do not follow each other in the input, or are too few.
    ///
    /// # Safety
    /// As [`Self::copy_rows`]; `input` is the input's first element.
    #[inline(never)]
    unsafe fn copy_apart(&self, task: &Task, input: *const i8, rows: Rows, mut to: *mut i8) {
        let [height, width, channels] = task.geometry.input;
        let mut source = self.source;
        let mut lanes = [source.0; CHANNELS];
        for lane in lanes.iter_mut().take(self.count) {
            rolled();
            *lane = source.0;
            source = after(source, task.multiplier);
        }
        let Rows {
            first: mut y,
            count,
        } = rows;
        for _ in 0..count {
            rolled();
            // SAFETY: the caller's promise; pixels `0..within` of a row that exists are inside the input.
            unsafe {
                if y >= height {
                    to = isa::fill(task.zero, to, task.columns);
                } else {
                    let mut row = input.add(y * width * channels);
                    to = isa::fill(task.zero, to, task.before);
                    for _ in 0..task.within {
                        rolled();
                        let word = Word(lanes.map(|lane| *row.add(lane)));
                        to = isa::copy(word.0.as_ptr(), 0, to, 1);
                        row = row.add(channels);
                    }
                    to = isa::fill(task.zero, to, task.columns - task.before - task.within);
                }
            }
            y = y.wrapping_add(1);
        }
    }
}

/// The source behind a source.
#[inline(always)]
fn after((channel, outputs): (usize, usize), multiplier: usize) -> (usize, usize) {
    if outputs + 1 == multiplier {
        (channel + 1, 0)
    } else {
        (channel, outputs + 1)
    }
}

/// Copies rows of four channels that follow each other; padding only where it is not there yet.
///
/// # Safety
/// As [`Group::copy_rows`]; `input` is the channels' first element.
#[inline(never)]
unsafe fn copy_adjacent(
    task: &Task,
    input: *const i8,
    Rows {
        first: mut y,
        count,
    }: Rows,
    mut to: *mut i8,
    padded: bool,
) {
    let [height, width, channels] = task.geometry.input;
    let row_bytes = width * channels;
    let mut row = input.wrapping_add(y.wrapping_mul(row_bytes));
    for _ in 0..count {
        rolled();
        // SAFETY: the caller's promise; pixels `0..within` of a row that exists are inside the input.
        unsafe {
            if padded {
                if y < height {
                    isa::copy(row, channels, to.add(task.before * isa::PIXEL), task.within);
                }
                to = to.add(task.columns * isa::PIXEL);
            } else if y < height {
                to = isa::fill(task.zero, to, task.before);
                to = isa::copy(row, channels, to, task.within);
                to = isa::fill(task.zero, to, task.columns - task.before - task.within);
            } else {
                to = isa::fill(task.zero, to, task.columns);
            }
        }
        row = row.wrapping_add(row_bytes);
        y = y.wrapping_add(1);
    }
}

/// A pixel's channels as they would lie in an image whose channels are a multiple of four.
#[repr(align(4))]
struct Word([i8; CHANNELS]);
