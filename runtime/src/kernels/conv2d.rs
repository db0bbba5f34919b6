//! 2-D convolution.
//!
//! One function for every convolution of a model: it reads shapes from a [`Task`], so that its code is
//! there once and its size is known. Pixels go in raster order, [`isa::PIXELS`] at a time: their patches
//! are gathered into scratch, padding filled with the input's zero point, in the form that the
//! innermost sums want; then all filters run over them, a pair at a time, from one packed stream
//! ([`crate::packing`]). So there is no border in the sums, and an output may overlap the input it
//! comes from ([`Geometry::overlap_distance`]).

use super::requant::{Method, Requant, accumulator_bits};
use super::sliding::axes;
use super::{OTHER, SINGLE, TFLITE, elements, frozen, inside, least, per_channel};
use crate::arena::{Memory, Region};
use crate::isa::TARGET;
use crate::isa::conv2d as isa;
use crate::layer::Conv2d;
use crate::packing::{self, FILTERS};
use crate::params::Conv2dParams;
use crate::scratch::Geometry;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn conv2d_s8<L: Conv2d>(arena: &mut impl Memory) {
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
pub(crate) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    scratch: usize,
    geometry: Geometry,
    zero: i8,
    /// Whether a patch is one pixel and its pixels follow each other.
    pointwise: bool,
    requant: Requant,
    packed: &'static [i32],
}

impl Task {
    const fn new<L: Conv2d>() -> Self {
        let p = L::PARAMS;
        let (y, x) = axes!(p);
        let mut geometry = p.geometry();
        let pointwise = y.kernel * x.kernel * y.stride * x.stride == 1
            && y.pad + x.pad == 0
            && y.len == y.out
            && x.len == x.out;
        if pointwise {
            geometry.input = [1, y.len * x.len, p.input[2]];
            geometry.output = [1, y.len * x.len, p.output[2]];
        }
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            scratch: L::SCRATCH.offset,
            geometry,
            zero: p.input_zero,
            pointwise,
            requant: Requant::of_conv2d(&p),
            packed: L::PACKED,
        }
    }
}

/// The arena of a layer whose regions and constants fit together, or it does not compile.
#[inline(always)]
fn valid<L: Conv2d, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        let p = L::PARAMS;
        let (y, x) = axes!(p);
        assert!(y.is_valid() && x.is_valid(), "invalid window");
        assert!(p.input[2] > 0, "no input channels");
        assert!(
            p.weights.len() == p.output[2] * p.kernel[0] * p.kernel[1] * p.input[2],
            "weights and shape differ"
        );
        per_channel(p.output[2], p.bias, p.mantissas, p.exponents);
        assert!(
            L::PACKED.len() == packing::conv2d_words(&p),
            "stream and shape differ"
        );
        let scratch = TARGET.conv2d_scratch(&p.geometry());
        windowed([L::INPUT, L::OUTPUT, L::SCRATCH], &p.geometry(), scratch, M::LEN);
        // Bytes of the arena are far fewer than isize::MAX.
        let below = L::OUTPUT.offset as isize + p.geometry().overlap_distance();
        assert!(
            !L::INPUT.overlaps(L::OUTPUT) || below <= L::INPUT.offset as isize,
            "the output overlaps input that is still needed"
        );
    }
    arena.as_mut_ptr()
}

/// Asserts that regions (input, output, scratch) lie in the arena, have the shapes' sizes, and that the
/// scratch is apart and large enough.
pub(crate) const fn windowed(
    [input, output, scratch]: [Region; 3],
    geometry: &Geometry,
    scratch_bytes: usize,
    arena: usize,
) {
    inside(input, arena);
    inside(output, arena);
    inside(scratch, arena);
    assert!(
        input.len == elements(geometry.input),
        "input region and shape differ"
    );
    assert!(
        output.len == elements(geometry.output),
        "output region and shape differ"
    );
    assert!(scratch.len >= scratch_bytes, "not enough scratch");
    assert!(
        !scratch.overlaps(input) && !scratch.overlaps(output),
        "scratch overlaps input or output"
    );
}

/// Some pixels and the filters to run over them.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Frame {
    /// The patches.
    pub(crate) x: *const i8,
    /// The first pixel's first output that is not written yet.
    pub(crate) out: *mut i8,
    /// Bytes from the first pixel's output to the second's, or 0 if there is none: what is written
    /// there by mistake is written over.
    pub(crate) second: usize,
    /// Bytes to the third pixel's output, or to that of the last there is.
    pub(crate) third: usize,
    /// One past the first pixel's last output of a whole record.
    pub(crate) end: *mut i8,
    /// Blocks of a patch: words of four taps, or vectors of sixteen.
    pub(crate) blocks: usize,
    /// Twice the output's zero point, plus one.
    pub(crate) zero: i32,
    /// The next record.
    pub(crate) packed: *const i32,
    /// Bytes of a filter's weights.
    pub(crate) filter: usize,
    /// Filters in the next record.
    pub(crate) rows: usize,
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a layer that [`valid`] accepts, `arena` its arena.
#[inline(never)]
unsafe fn run<const METHOD: u32>(arena: *mut i8, task: &Task) {
    let g = &task.geometry;
    let [_, columns, filters] = g.output;
    let taps = g.kernel[0] * g.kernel[1] * g.input[2];
    // SAFETY: the regions lie in the arena; one past the end is allowed.
    let (input, scratch, mut out, end) = unsafe {
        let out = arena.add(task.output);
        let pixels = g.output[0] * columns;
        (
            arena.add(task.input).cast_const(),
            arena.add(task.scratch),
            out,
            out.add(pixels * filters),
        )
    };
    // SAFETY: the scratch holds the patches of PIXELS pixels.
    unsafe { isa::Patch::prepare(scratch, taps) };
    let mut at = [0usize; 2];
    while out < end {
        let mut count = 0;
        let mut first = out;
        while count < isa::PIXELS && out < end {
            // SAFETY: the scratch holds the patches of PIXELS pixels.
            unsafe {
                let mut patch = isa::Patch::new(scratch, count, g.input[2], taps);
                if task.pointwise {
                    patch.copy(input.add(at[1] * g.input[2]), g.input[2]);
                } else {
                    gather(task, input, at, &mut patch);
                }
                patch.finish();
                out = out.add(filters);
            }
            at[1] += 1;
            if at[1] == columns {
                at = [at[0] + 1, 0];
            }
            count += 1;
        }
        let steps = [[0, 0], [filters, filters], [filters, 2 * filters]];
        let [second, third] = steps[least(count, isa::PIXELS).wrapping_sub(1) % 3];
        let mut frame = Frame {
            x: scratch,
            out: first,
            second,
            third,
            // SAFETY: within the first pixel's outputs.
            end: unsafe { first.add(filters / FILTERS * FILTERS) },
            blocks: taps.div_ceil(packing::BLOCK),
            zero: task.requant.doubled_zero(),
            packed: task.packed.as_ptr(),
            filter: taps.next_multiple_of(4),
            rows: FILTERS,
        };
        // SAFETY: patches, stream and outputs are those of this layer.
        unsafe {
            if METHOD != OTHER && filters >= FILTERS {
                isa::pairs::<METHOD>(&frame, task.requant);
                first = frame.end;
                frame.packed = frame
                    .packed
                    .add(filters / FILTERS * packing::record_words(TARGET, FILTERS, taps));
            }
            let last = out.sub((count - 1) * filters);
            while first < last {
                let left = last.offset_from_unsigned(first);
                frame.rows = packing::rows_in_record(TARGET, FILTERS, left);
                finish(task.requant, &mut frame, count, first, last, taps);
                first = first.add(FILTERS);
            }
            if task.requant.is_clamped() {
                task.requant.clamp(frame.out, count * filters);
            }
        }
    }
}

/// Computes a record of filters whose outputs are finished one by one, or the last record.
///
/// # Safety
/// The frame's record is that of the filters that start at `first`; `last` is one past the first pixel's
/// last output.
#[inline(always)]
unsafe fn finish(
    requant: Requant,
    frame: &mut Frame,
    count: usize,
    first: *mut i8,
    last: *mut i8,
    taps: usize,
) {
    // SAFETY: the caller's promise; the record's factors are its last three words.
    unsafe {
        let sums = isa::sums(frame);
        let record = packing::record_words(TARGET, frame.rows, taps);
        let factors = frame.packed.add(record - packing::factor_words(TARGET, frame.rows));
        for (k, sums) in sums.iter().enumerate() {
            let out = first.add(k);
            if out < last {
                let channel = requant.unpacked(factors, frame.rows, k);
                let steps = [0, frame.second, frame.third];
                for (&sum, step) in sums.iter().zip(steps).take(count) {
                    *out.add(step) = requant.finish(sum, channel);
                }
            }
        }
        frame.packed = frame.packed.add(record);
    }
}

/// Gathers the patch of an output pixel.
///
/// # Safety
/// `input` is the task's; the pixel lies in its output.
#[inline(always)]
unsafe fn gather(task: &Task, input: *const i8, [oy, ox]: [usize; 2], patch: &mut isa::Patch) {
    let g = &task.geometry;
    let [rows, columns, channels] = g.input.map(|len| len as isize);
    let [top, left] = [(oy, 0), (ox, 1)].map(|(o, i)| (o * g.stride[i]) as isize - g.pad[i] as isize);
    // Taps of a row are contiguous unless they are dilated: then each is a run of its own.
    let (runs, span) = if g.dilation[1] == 1 {
        (1, g.kernel[1] as isize)
    } else {
        (g.kernel[1], 1)
    };
    let mut y = top;
    for _ in 0..g.kernel[0] {
        let mut x = left;
        for _ in 0..runs {
            // Taps before the image, in it, after it.
            let before = bound(-x, span);
            let upto = bound(columns - x, span);
            let (before, upto) = if y < 0 || y >= rows { (span, span) } else { (before, upto) };
            let within = if upto > before { upto - before } else { 0 };
            // SAFETY: the taps `before..upto` lie in the image; a patch has room for all taps.
            unsafe {
                patch.fill(task.zero, (before * channels) as usize);
                if within > 0 {
                    let from = (y * columns + x + before) * channels;
                    patch.copy(input.offset(from), (within * channels) as usize);
                }
                patch.fill(task.zero, ((span - before - within) * channels) as usize);
            }
            x += g.dilation[1] as isize;
        }
        y += g.dilation[0] as isize;
    }
}

/// `value` within `0..=most`.
#[inline(always)]
fn bound(value: isize, most: isize) -> isize {
    if value < 0 { 0 } else { least_signed(value, most) }
}

#[inline(always)]
fn least_signed(a: isize, b: isize) -> isize {
    if a < b { a } else { b }
}

impl Conv2dParams<'_> {
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
    /// How the outputs of a convolution are requantised.
    pub(crate) const fn of_conv2d(p: &Conv2dParams<'_>) -> Self {
        let bits = accumulator_bits(p.kernel[0] * p.kernel[1] * p.input[2], p.bias);
        let scales = (p.mantissas, p.exponents);
        Self::new(p.rounding, p.output_zero, p.clamp, bits, scales)
    }
}
