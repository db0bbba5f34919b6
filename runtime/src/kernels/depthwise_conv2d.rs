//! Depthwise 2-D convolution.
//!
//! [`CHANNELS`] channels at a time: their part of the image is copied, band by band of rows, into
//! scratch, with padding filled in, in the form that the innermost sums want. So there is no border in
//! the sums, the taps of a window lie close together, and the output may lie exactly over the input
//! ([`Geometry::depthwise_in_place`]). One function for every layer of a model, as in [`super::conv2d`].

use super::conv2d::windowed;
use super::requant::{Method, Requant, accumulator_bits};
use super::sliding::axes;
use super::{OTHER, SINGLE, TFLITE, frozen, least, per_channel};
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
        match task.requant.method() {
            Method::TfLite => run::<TFLITE>(base, frozen(task)),
            Method::Single { pre: 0 } => run::<SINGLE>(base, frozen(task)),
            Method::Single { .. } | Method::General => run::<OTHER>(base, frozen(task)),
        }
    }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    scratch: usize,
    geometry: Geometry,
    /// Output rows of a band.
    band: usize,
    /// Columns of a padded row.
    columns: usize,
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
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            scratch: L::SCRATCH.offset,
            geometry,
            band: TARGET.band(&geometry, L::SCRATCH.len),
            columns: band_columns(&geometry),
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
    arena.as_mut_ptr()
}

/// A group of channels.
#[derive(Clone, Copy)]
struct Group {
    /// First channel of the output, and how many follow with it.
    first: usize,
    count: usize,
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a layer that [`valid`] accepts, `arena` its arena.
#[inline(never)]
unsafe fn run<const METHOD: u32>(arena: *mut i8, task: &Task) {
    let g = &task.geometry;
    let channels = g.output[2];
    let taps = g.kernel[0] * g.kernel[1];
    let row_bytes = task.columns * isa::PIXEL;
    let mut record = task.packed.as_ptr();
    let mut first = 0;
    while first < channels {
        let group = Group {
            first,
            count: least(CHANNELS, channels - first),
        };
        // SAFETY: the record is the group's; scratch has room for a band, and rows, columns and channels
        // below are inside input and output.
        unsafe {
            let kernel = isa::Kernel::new(g, row_bytes, record, task.requant);
            let mut out = arena.add(task.output + first);
            let mut oy = 0;
            let mut kept = 0;
            while oy < g.output[0] {
                let rows = least(task.band, g.output[0] - oy);
                let rows_in = band_rows_in(g, rows);
                let scratch = arena.add(task.scratch);
                for row in kept..rows_in {
                    let y = (oy * g.stride[0] + row).wrapping_sub(g.pad[0]);
                    copy_row(task, arena, group, y, scratch.add(row * row_bytes));
                }
                for row in 0..rows {
                    let x = scratch.add(row * g.stride[0] * row_bytes);
                    if METHOD != OTHER && group.count == CHANNELS {
                        kernel.row::<METHOD>(x, out, g.output[1]);
                        out = out.add(g.output[1] * channels);
                    } else {
                        for pixel in 0..g.output[1] {
                            let sums = kernel.sums(x.add(pixel * g.stride[1] * isa::PIXEL));
                            let factors = record.add(
                                packing::depthwise_record_words(TARGET, taps)
                                    - packing::factor_words(TARGET, CHANNELS),
                            );
                            for (k, &sum) in sums.iter().enumerate().take(group.count) {
                                let channel = task.requant.unpacked(factors, CHANNELS, k);
                                *out.add(k) = task.requant.finish(sum, channel);
                            }
                            out = out.add(channels);
                        }
                    }
                }
                // The last rows of a band are the first of the next.
                let passed = rows * g.stride[0];
                kept = rows_in.saturating_sub(passed);
                let words = kept * row_bytes / 4;
                let from = scratch.add(passed * row_bytes).cast::<u32>();
                for i in 0..words {
                    super::rolled();
                    *scratch.cast::<u32>().add(i) = *from.add(i);
                }
                oy += rows;
            }
            record = record.add(packing::depthwise_record_words(TARGET, taps));
        }
        first += CHANNELS;
    }
    if task.requant.is_clamped() {
        // SAFETY: the output's bytes.
        unsafe {
            let len = g.output[0] * g.output[1] * channels;
            task.requant.clamp(arena.add(task.output), len);
        }
    }
}

/// Copies a group's channels of input row `y`, with padding; a row outside is all padding.
///
/// # Safety
/// `to` has room for a padded row.
#[inline(always)]
unsafe fn copy_row(task: &Task, arena: *mut i8, group: Group, y: usize, to: *mut i8) {
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
        let row = arena.add(task.input + y * width * channels).cast_const();
        let to = isa::fill(task.zero, to, before);
        let to = if task.multiplier == 1 && group.count == CHANNELS {
            isa::copy(row.add(group.first), channels, to, within)
        } else {
            let lane = |k: usize| (group.first + least(k, group.count - 1)) / task.multiplier;
            let lanes: [usize; CHANNELS] = core::array::from_fn(lane);
            let mut to = to;
            for pixel in 0..within {
                let x = row.add(pixel * channels);
                let word = lanes.map(|lane| *x.add(lane).cast::<u8>());
                to = isa::copy(word.as_ptr().cast(), 0, to, 1);
            }
            to
        };
        isa::fill(task.zero, to, task.columns - before - within);
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
