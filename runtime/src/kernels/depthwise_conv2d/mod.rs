//! Depthwise 2-D convolution.
//!
//! [`CHANNELS`] channels at a time: their part of the image is copied, band by band of rows, into
//! scratch, with padding filled in, in the form that the innermost sums want. So there is no border in
//! the sums, the taps of a window lie close together, and the output may lie exactly over the input
//! ([`Geometry::depthwise_in_place`]). One function for every layer of a model, as in [`super::conv2d`].

mod kernel;
#[cfg(not(all(target_arch = "arm", feature = "mve")))]
pub(crate) mod unprepared;

pub(crate) use kernel::Kernel;

use core::mem::MaybeUninit;

use super::conv2d::windowed;
use super::requant::{Form, Requant, accumulator_bits};
use super::sliding::axes;
use super::{OTHER, SINGLE, TFLITE, base, frozen, least, per_channel, rolled};
use crate::arena::Memory;
use crate::isa::TARGET;
use crate::isa::depthwise_conv2d as isa;
use crate::layer::DepthwiseConv2d;
use crate::packing;
use crate::params::DepthwiseConv2dParams;
use crate::scratch::{CHANNELS, Geometry, band_columns, band_rows_in};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn depthwise_conv2d_s8<L: DepthwiseConv2d>(arena: &mut impl Memory) {
    let base = valid::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: `valid` checked regions, sizes and constants against each other.
    unsafe {
        match task.requant.form() {
            Form::TfLite => run::<TFLITE>(base, frozen(task)),
            Form::Single => run::<SINGLE>(base, frozen(task)),
            Form::Other => run::<OTHER>(base, frozen(task)),
        }
    }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    scratch: usize,
    geometry: Geometry,
    /// Output rows of a band.
    band: usize,
    /// Columns of a padded row.
    columns: usize,
    /// Bytes of a band: behind it lies what is prepared for a group.
    band_end: usize,
    /// Output channels per input channel.
    multiplier: usize,
    zero: i8,
    requant: Requant,
    packed: &'static [i32],
}

impl Task {
    const fn new<L: DepthwiseConv2d>() -> Self {
        let p = L::PARAMS;
        let geometry = p.geometry();
        let band = TARGET.band(&geometry, L::SCRATCH.len);
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            scratch: L::SCRATCH.offset,
            geometry,
            band,
            columns: band_columns(&geometry),
            band_end: TARGET.band_end(&geometry, band),
            multiplier: p.output[2] / p.input[2],
            zero: p.input_zero,
            requant: Requant::of_depthwise_conv2d(&p),
            packed: L::PACKED,
        }
    }
}

/// The arena of a layer whose regions and constants fit together, or it does not compile.
#[inline(always)]
fn valid<L: DepthwiseConv2d, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        let p = L::PARAMS;
        let (y, x) = axes!(p);
        assert!(y.is_valid() && x.is_valid(), "invalid window");
        assert!(p.input[2] > 0, "no input channels");
        assert!(
            p.output[2].is_multiple_of(p.input[2]),
            "output channels are no multiple of the input's"
        );
        assert!(
            p.weights.len() == p.kernel[0] * p.kernel[1] * p.output[2],
            "weights and shape differ"
        );
        per_channel(p.output[2], p.bias, p.mantissas, p.exponents);
        assert!(
            L::PACKED.len() == packing::depthwise_conv2d_words(&p),
            "stream and shape differ"
        );
        let geometry = p.geometry();
        let row = TARGET.band_bytes(&geometry, 1);
        windowed([L::INPUT, L::OUTPUT, L::SCRATCH], &geometry, row, M::LEN);
        let same = L::INPUT.offset == L::OUTPUT.offset && geometry.depthwise_in_place();
        assert!(
            !L::INPUT.overlaps(L::OUTPUT) || same,
            "the output overlaps input that is still needed"
        );
    }
    base(arena)
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a layer that [`valid`] accepts, `arena` its arena.
#[inline(never)]
unsafe fn run<const METHOD: u32>(arena: *mut i8, task: &Task) {
    let g = &task.geometry;
    let [height, width, channels] = g.output;
    let row_bytes = task.columns * isa::PIXEL;
    let record_words = packing::depthwise_record_words(TARGET, g.kernel[0] * g.kernel[1]);
    let mut record = task.packed.as_ptr();
    // The input channel of the next output channel, and how many outputs it has had.
    let mut source = (0, 0);
    let mut place = MaybeUninit::uninit();
    let mut first = 0;
    while first < channels {
        rolled();
        let count = least(CHANNELS, channels - first);
        let mut lanes = [source.0; CHANNELS];
        for lane in lanes.iter_mut().take(count) {
            rolled();
            *lane = source.0;
            source.1 += 1;
            if source.1 == task.multiplier {
                source = (source.0 + 1, 0);
            }
        }
        // SAFETY: the record is the group's; scratch has room for a band, and rows, columns and channels
        // below are inside input and output.
        unsafe {
            let kernel = Kernel::at(&mut place, task, record);
            let scratch = arena.add(task.scratch);
            let prepared = scratch
                .add(task.band_end)
                .cast::<MaybeUninit<isa::Prepared>>();
            let prepared: &isa::Prepared = isa::prepare(kernel, &mut *prepared);
            let mut out = arena.add(task.output + first);
            let mut oy = 0;
            let mut kept = 0;
            while oy < height {
                rolled();
                let rows = least(task.band, height - oy);
                let rows_in = band_rows_in(g, rows);
                for row in kept..rows_in {
                    rolled();
                    let y = (oy * g.stride[0] + row).wrapping_sub(g.pad[0]);
                    copy_row(task, arena, (lanes, count), y, scratch.add(row * row_bytes));
                }
                for row in 0..rows {
                    rolled();
                    let x = scratch.add(row * g.stride[0] * row_bytes);
                    kernel.end = out.add(width * channels);
                    if METHOD != OTHER && count == CHANNELS {
                        isa::row::<METHOD>((kernel, prepared), x, out, width);
                    } else {
                        one_by_one(task, kernel, x, out, count);
                    }
                    out = kernel.end;
                }
                // The last rows of a band are the first of the next.
                let passed = rows * g.stride[0];
                kept = rows_in.saturating_sub(passed);
                let from = scratch.add(passed * row_bytes).cast::<u32>();
                for i in 0..kept * row_bytes / 4 {
                    rolled();
                    *scratch.cast::<u32>().add(i) = *from.add(i);
                }
                oy += rows;
            }
            record = record.add(record_words);
        }
        first += CHANNELS;
    }
    if task.requant.is_clamped() {
        // SAFETY: the output's bytes.
        unsafe {
            let len = height * width * channels;
            task.requant.clamp(arena.add(task.output), len);
        }
    }
}

/// Computes a row whose outputs are finished one by one: those of methods without code of their own, and
/// of groups that are not full.
///
/// # Safety
/// As for `isa::row`; the first `count` channels of the group exist.
#[inline(never)]
unsafe fn one_by_one(
    task: &Task,
    kernel: &Kernel,
    mut x: *const i8,
    mut out: *mut i8,
    count: usize,
) {
    while out < kernel.end {
        rolled();
        // SAFETY: the caller's promise.
        unsafe {
            let sums = isa::sums(kernel, x);
            for (k, sum) in sums.into_iter().enumerate().take(count) {
                rolled();
                *out.add(k) = task.requant.finish_one(sum, kernel.factors, CHANNELS, k);
            }
            (x, out) = (x.add(kernel.pixel), out.add(kernel.step));
        }
    }
}

/// Copies input row `y` of some channels, with padding; a row outside is all padding.
///
/// # Safety
/// The channels exist, and `to` has room for a padded row.
#[inline(never)]
unsafe fn copy_row(
    task: &Task,
    arena: *mut i8,
    (lanes, count): ([usize; CHANNELS], usize),
    y: usize,
    to: *mut i8,
) {
    let g = &task.geometry;
    let [height, width, channels] = g.input;
    // SAFETY: the caller's promise; pixels `0..within` of a row that exists are inside the input.
    unsafe {
        if y >= height {
            isa::fill(task.zero, to, task.columns);
            return;
        }
        let before = least(g.pad[1], task.columns);
        let within = least(width, task.columns - before);
        let mut row = arena.add(task.input + y * width * channels).cast_const();
        let mut to = isa::fill(task.zero, to, before);
        if task.multiplier == 1 && count == CHANNELS {
            to = isa::copy(row.add(lanes[0]), channels, to, within);
        } else {
            for _ in 0..within {
                rolled();
                let word = Word(lanes.map(|lane| *row.add(lane)));
                to = isa::copy(word.0.as_ptr(), 0, to, 1);
                row = row.add(channels);
            }
        }
        isa::fill(task.zero, to, task.columns - before - within);
    }
}

/// A pixel's channels as they would lie in an image whose channels are a multiple of four.
#[repr(align(4))]
struct Word([i8; CHANNELS]);

impl DepthwiseConv2dParams<'_> {
    /// Shapes and steps.
    pub const fn geometry(&self) -> Geometry {
        Geometry {
            input: self.input,
            output: self.output,
            kernel: self.kernel,
            stride: self.stride,
            dilation: self.dilation,
            pad: self.pad,
        }
    }
}

impl Requant {
    /// How the outputs of a depthwise convolution are requantised.
    pub(crate) const fn of_depthwise_conv2d(p: &DepthwiseConv2dParams<'_>) -> Self {
        let bits = accumulator_bits(p.kernel[0] * p.kernel[1], p.bias);
        let scales = (p.mantissas, p.exponents);
        Self::new(p.rounding, p.output_zero, p.clamp, bits, scales)
    }
}
