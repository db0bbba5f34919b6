//! The channels that go through the image together, and how their rows get into the band.

use super::Task;
use crate::isa::depthwise_conv2d as isa;
use crate::kernels::{least, rolled};
use crate::scratch::{CHANNELS, Geometry};

/// Output channels `first..first + count`.
pub(super) struct Group {
    pub(super) first: usize,
    pub(super) count: usize,
    /// The input channel of the first, and how many outputs it had before.
    source: (usize, usize),
}

/// Rows that come into the band.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    /// How many lie above the input, in it and below it.
    above: usize,
    inside: usize,
    below: usize,
    /// Bytes from the input's start to the first inside.
    from: usize,
}

impl Rows {
    /// `count` rows of an input from the one of number `first` on; numbers of those above wrap around.
    pub(super) const fn new(g: &Geometry, first: usize, count: usize) -> Self {
        let [height, width, channels] = g.input;
        let above = if first < height {
            0
        } else {
            least(first.wrapping_neg(), count)
        };
        let first = first.wrapping_add(above);
        let inside = least(height.saturating_sub(first), count - above);
        Self {
            above,
            inside,
            below: count - above - inside,
            from: first.wrapping_mul(width * channels),
        }
    }
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

    /// Copies some input rows of the channels between the padding; a row outside is all padding.
    ///
    /// # Safety
    /// The channels exist, and `to` has room for the padded rows.
    #[inline(always)]
    pub(super) unsafe fn copy_rows<const WHOLE: bool>(
        &self,
        task: &Task,
        arena: *mut i8,
        rows: &Rows,
        to: *mut i8,
    ) {
        let strides = &task.strides;
        let next = to.wrapping_add(rows.above * strides.band_row + task.before);
        let row = arena.wrapping_add(task.input).wrapping_add(rows.from);
        // SAFETY: the caller's promise; the input's channels are as the output's in the first case.
        unsafe {
            if WHOLE || (task.multiplier == 1 && self.count == CHANNELS) {
                isa::copy_rows(row.wrapping_add(self.first), next, rows.inside, strides);
            } else {
                self.copy_apart(task, row, rows.inside, next);
            }
            if !task.whole {
                fill_rows(task, rows, to);
            }
        }
    }

    /// Copies rows of channels that do not follow each other in the input, or are too few.
    ///
    /// # Safety
    /// As [`Self::copy_rows`]; `row` is the first row's first element, `to` where it goes.
    #[inline(never)]
    unsafe fn copy_apart(&self, task: &Task, mut row: *const i8, rows: usize, mut to: *mut i8) {
        let strides = &task.strides;
        let mut source = self.source;
        let mut lanes = [source.0; CHANNELS];
        for lane in lanes.iter_mut().take(self.count) {
            rolled();
            *lane = source.0;
            source = after(source, task.multiplier);
        }
        for _ in 0..rows {
            rolled();
            let (mut pixel, mut next) = (row, to);
            for _ in 0..strides.pixels {
                rolled();
                // SAFETY: the caller's promise.
                unsafe {
                    let word = Word(lanes.map(|lane| *pixel.add(lane)));
                    next = isa::copy(word.0.as_ptr(), 0, next, 1);
                }
                pixel = pixel.wrapping_add(strides.pixel);
            }
            row = row.wrapping_add(strides.row);
            to = to.wrapping_add(strides.band_row);
        }
    }
}

/// Fills the rows outside the input.
///
/// # Safety
/// As [`Group::copy_rows`].
#[inline(never)]
unsafe fn fill_rows(task: &Task, rows: &Rows, to: *mut i8) {
    let behind = to.wrapping_add((rows.above + rows.inside) * task.strides.band_row);
    // SAFETY: the caller's promise.
    unsafe {
        isa::fill(task.zero, to, rows.above * task.columns);
        isa::fill(task.zero, behind, rows.below * task.columns);
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

/// A pixel's channels as they would lie in an image whose channels are a multiple of four.
#[repr(align(4))]
struct Word([i8; CHANNELS]);
