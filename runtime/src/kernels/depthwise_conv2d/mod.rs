//! Depthwise 2-D convolution.
//!
//! [`CHANNELS`] channels at a time: their part of the image is copied, band by band of rows, into
//! scratch, with padding filled in, in the form that the innermost sums want. So there is no border in
//! the sums, the taps of a window lie close together, and the output may lie exactly over the input
//! ([`Geometry::depthwise_in_place`]). One function for every layer of a model, as in [`super::conv2d`].

#[cfg(not(all(target_arch = "arm", feature = "dsp", not(feature = "mve"))))]
pub(crate) mod by_row;
mod group;
mod kernel;
#[cfg(not(all(target_arch = "arm", feature = "mve")))]
pub(crate) mod unprepared;

use group::{Group, Rows};
pub(crate) use kernel::Kernel;

use core::mem::MaybeUninit;

use super::conv2d::windowed;
use super::requant::{Form, Requant, accumulator_bits};
use super::sliding::axes;
use super::{OTHER, SINGLE, TFLITE, base, frozen, least, per_channel, rolled, unknown};
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
        match const { (Requant::of_depthwise_conv2d(&L::PARAMS).form(), L::WHOLE) } {
            (Form::TfLite, true) => run::<TFLITE, true>(base, frozen(task)),
            (Form::TfLite, false) => run::<TFLITE, false>(base, frozen(task)),
            (Form::Single, true) => run::<SINGLE, true>(base, frozen(task)),
            (Form::Single, false) => run::<SINGLE, false>(base, frozen(task)),
            (Form::Shifted | Form::Other, _) => run::<OTHER, false>(base, frozen(task)),
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
    /// The first band's rows.
    first: Rows,
    strides: Strides,
    /// Columns of a padded row, and bytes of its padding before the input.
    columns: usize,
    before: usize,
    /// Bytes of a band: behind it lies what is prepared for a group.
    band_end: usize,
    /// Output channels per input channel.
    multiplier: usize,
    zero: i8,
    requant: Requant,
    packed: &'static [i32],
    /// Words of a record.
    record: usize,
    /// Whether all rows are one band: then rows of padding stay where they are.
    whole: bool,
}

/// How the pixels of a group are copied, in the order in which the code for a core reads it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Strides {
    /// Bytes in the input from a pixel to the next, and from a row to the next.
    pub(crate) pixel: usize,
    pub(crate) row: usize,
    /// Pixels of a row.
    pub(crate) pixels: usize,
    /// Bytes in the band from a row to the next.
    pub(crate) band_row: usize,
}

impl Task {
    const fn new<L: DepthwiseConv2d>() -> Self {
        let p = L::PARAMS;
        let geometry = p.geometry();
        let band = TARGET.band(&geometry, L::SCRATCH.len);
        let columns = band_columns(&geometry);
        let before = least(geometry.pad[1], columns);
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            scratch: L::SCRATCH.offset,
            geometry,
            band,
            first: Rows::new(
                &geometry,
                0usize.wrapping_sub(geometry.pad[0]),
                band_rows_in(&geometry, band),
            ),
            strides: Strides {
                pixel: geometry.input[2],
                row: geometry.input[1] * geometry.input[2],
                pixels: least(geometry.input[1], columns - before),
                band_row: TARGET.band_row(&geometry),
            },
            columns,
            before: before * isa::PIXEL,
            band_end: TARGET.band_end(&geometry, band),
            multiplier: p.output[2] / p.input[2],
            zero: p.input_zero,
            requant: Requant::of_depthwise_conv2d(&p),
            packed: L::PACKED,
            record: packing::depthwise_record_words(TARGET, p.kernel[0] * p.kernel[1]),
            whole: band >= p.output[0],
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
            !L::WHOLE || (p.output[2].is_multiple_of(CHANNELS) && p.output[2] == p.input[2]),
            "channels do not come in whole groups"
        );
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

/// Computes all outputs; there are whole groups only if `WHOLE`.
///
/// # Safety
/// The task is that of a layer that [`valid`] accepts, `arena` its arena.
#[inline(never)]
unsafe fn run<const METHOD: u32, const WHOLE: bool>(arena: *mut i8, task: &Task) {
    let g = &task.geometry;
    let [height, width, channels] = g.output;
    let mut record = task.packed.as_ptr();
    let mut place = MaybeUninit::uninit();
    Kernel::prepare(&mut place, task);
    let band_row = task.strides.band_row;
    // The columns of padding stay where they are.
    // SAFETY: scratch has room for a band.
    unsafe {
        let columns = task.columns * band_rows_in(g, task.band);
        isa::fill(task.zero, arena.add(task.scratch), columns);
    }
    let mut group = Group::first(channels);
    while group.first < channels {
        rolled();
        // SAFETY: the record is the group's; scratch has room for a band, and rows, columns and channels
        // below are inside input and output.
        unsafe {
            let kernel = Kernel::load::<METHOD>(&mut place, task, record);
            let scratch = arena.add(task.scratch);
            let prepared = scratch
                .add(task.band_end)
                .cast::<MaybeUninit<isa::Prepared>>();
            let prepared: &isa::Prepared = isa::prepare(kernel, &mut *prepared);
            let mut out = arena.add(task.output + group.first);
            let (mut oy, mut rows) = (0, task.band);
            let mut next;
            let (mut new, mut to) = (&task.first, scratch);
            loop {
                rolled();
                group.copy_rows::<WHOLE>(task, arena, new, to);
                let mut x = scratch.cast_const();
                for _ in 0..rows {
                    rolled();
                    kernel.end = out.add(width * channels);
                    if METHOD != OTHER && (WHOLE || group.count == CHANNELS) {
                        isa::row::<METHOD>((kernel, prepared), x, out, width);
                    } else {
                        one_by_one(task, kernel, x, out, group.count);
                    }
                    out = kernel.end;
                    x = x.wrapping_add(g.stride[0] * band_row);
                }
                oy += rows;
                if oy >= height {
                    break;
                }
                // The last rows of a band are the first of the next.
                let passed = rows * g.stride[0];
                let kept = band_rows_in(g, rows).saturating_sub(passed);
                let from = scratch.add(passed * band_row).cast::<u32>();
                for i in 0..kept * band_row / 4 {
                    rolled();
                    *scratch.cast::<u32>().add(i) = *from.add(i);
                }
                rows = least(task.band, height - oy);
                let first = (oy * g.stride[0] + kept).wrapping_sub(g.pad[0]);
                next = Rows::new(g, first, band_rows_in(g, rows) - kept);
                new = &next;
                to = scratch.add(kept * band_row);
            }
            record = record.add(task.record);
        }
        group.next::<WHOLE>(task.multiplier, channels);
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
            let sum = sums.as_ptr();
            for k in 0..unknown(count) {
                rolled();
                *out.add(k) = task
                    .requant
                    .finish_one(*sum.add(k), kernel.factors, CHANNELS, k);
            }
            (x, out) = (x.add(kernel.pixel), out.add(kernel.step));
        }
    }
}

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
