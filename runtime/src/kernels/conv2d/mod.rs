//! 2-D convolution.
//!
//! One function for every convolution of a model: it reads shapes from a [`Task`], so that its code is
//! there once and its size is known. Pixels go in raster order, [`isa::PIXELS`] at a time, the last ones
//! two at a time: their patches are gathered into scratch, padding filled with the input's zero point, in
//! the form that the innermost sums want; then all filters run over them, a pair at a time, from one
//! packed stream ([`crate::packing`]). So there is no border in the sums, and an output may overlap the
//! input it comes from ([`Geometry::overlap_distance`]).

#[cfg(not(all(target_arch = "arm", feature = "mve")))]
mod gather;
mod one_by_one;
mod s4;
mod transpose_conv2d;

pub(super) use s4::Task as S4Task;
pub use s4::conv2d_s4;
pub(super) use transpose_conv2d::Task as TransposeTask;
pub use transpose_conv2d::transpose_conv2d_s8;

use super::requant::{Form, Requant, accumulator_bits};
use super::sliding::{Axis, axes};
use super::{OTHER, SINGLE, TFLITE, base, elements, frozen, inside, least, per_channel, rolled};
use crate::arena::{Memory, Region};
use crate::isa::TARGET;
use crate::isa::conv2d as isa;
use crate::layer::Conv2d;
use crate::packing::{self, FILTERS};
use crate::params::Conv2dParams;
use crate::scratch::{self, CHANNELS, Geometry};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn conv2d_s8<L: Conv2d>(arena: &mut impl Memory) {
    const {
        let p = L::PARAMS;
        assert!(
            L::PACKED.len() == packing::conv2d_words(&p),
            "stream and shape differ"
        );
    }
    let base = valid::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: `valid` checked regions, sizes and constants against each other.
    unsafe {
        match const { (Requant::of_conv2d(&L::PARAMS).form(), L::WHOLE) } {
            (Form::TfLite, true) => run::<TFLITE, true>(base, frozen(task)),
            (Form::TfLite, false) => run::<TFLITE, false>(base, frozen(task)),
            (Form::Single, true) => run::<SINGLE, true>(base, frozen(task)),
            (Form::Single, false) => run::<SINGLE, false>(base, frozen(task)),
            (Form::Shifted | Form::Other, _) => run::<OTHER, false>(base, frozen(task)),
        }
    }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    scratch: usize,
    geometry: Geometry,
    /// Rows and columns from which a window does not reach over the edge below and to the right.
    places: [usize; 2],
    /// Bytes of a run of contiguous taps, runs of a block and bytes from one to the next: a block is the
    /// window, or a row of one whose columns are apart.
    run: usize,
    runs: usize,
    step: usize,
    /// Blocks, and bytes from one to the next.
    blocks: usize,
    block_step: usize,
    zero: i8,
    /// Whether a patch is one pixel and its pixels follow each other.
    pointwise: bool,
    requant: Requant,
    /// The records.
    packed: *const [i32],
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
            places: [places(y), places(x)],
            run: p.input[2] * if x.dilation == 1 { x.kernel } else { 1 },
            runs: if x.dilation == 1 { y.kernel } else { x.kernel },
            step: p.input[2]
                * if x.dilation == 1 {
                    y.dilation * x.len
                } else {
                    x.dilation
                },
            blocks: if x.dilation == 1 { 1 } else { y.kernel },
            block_step: p.input[2] * y.dilation * x.len,
            zero: p.input_zero,
            pointwise,
            requant: Requant::of_conv2d(&p),
            packed: L::PACKED,
        }
    }
}

/// How many places along an axis have a window that does not reach over the far edge.
const fn places(axis: Axis) -> usize {
    let span = (axis.kernel - 1) * axis.dilation + 1;
    (axis.len + 1).saturating_sub(span)
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
            !L::WHOLE || p.output[2].is_multiple_of(CHANNELS),
            "filters do not come in whole groups"
        );
        windowed(
            [L::INPUT, L::OUTPUT, L::SCRATCH],
            &p.geometry(),
            TARGET.conv2d_scratch(&p.geometry()),
            M::LEN,
        );
        // Bytes of the arena are far fewer than isize::MAX.
        let below = L::OUTPUT.offset as isize + p.geometry().overlap_distance();
        assert!(
            !L::INPUT.overlaps(L::OUTPUT) || below <= L::INPUT.offset as isize,
            "the output overlaps input that is still needed"
        );
    }
    base(arena)
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
    /// Bytes to the third pixel's output, if there is one.
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
    /// Pixels.
    pub(crate) count: usize,
}

/// Computes all outputs; there are whole groups only if `WHOLE`.
///
/// # Safety
/// The task is that of a layer that [`valid`] accepts, `arena` its arena.
#[inline(never)]
unsafe fn run<const METHOD: u32, const WHOLE: bool>(arena: *mut i8, task: &Task) {
    let g = &task.geometry;
    let [_, columns, filters] = g.output;
    let taps = g.kernel[0] * g.kernel[1] * g.input[2];
    let record = packing::record_words(TARGET, FILTERS, taps);
    // SAFETY: the regions lie in the arena; one past the end is allowed.
    let (input, scratch, mut out) = unsafe {
        (
            arena.add(task.input).cast_const(),
            arena.add(task.scratch),
            arena.add(task.output),
        )
    };
    // SAFETY: the scratch holds the patches of PIXELS pixels.
    unsafe { isa::Patch::prepare(scratch, taps) };
    // The first tap of the next window: row and column, which wrap around in the padding.
    let mut window = [0, 1].map(|axis| 0usize.wrapping_sub(g.pad[axis]));
    let mut column = 0;
    // The next pixel, if a patch is one.
    let mut pixel = input;
    let mut left = g.output[0] * columns;
    while left > 0 {
        let first = out;
        let count = least(scratch::tile(left), isa::PIXELS);
        left -= count;
        // SAFETY: the scratch holds the patches of PIXELS pixels; these lie in the output.
        unsafe {
            if task.pointwise {
                for slot in 0..count {
                    rolled();
                    let mut patch = isa::Patch::new(scratch, slot, g.input[2], taps);
                    patch.copy(pixel, g.input[2]);
                    patch.finish();
                    pixel = pixel.add(g.input[2]);
                }
            } else {
                for slot in 0..count {
                    rolled();
                    let patch = isa::Patch::new(scratch, slot, g.input[2], taps);
                    // Rows of taps are copied by vectors where there are any.
                    #[cfg(all(target_arch = "arm", feature = "mve"))]
                    let patch = patch.window(g, task.zero, input, window);
                    #[cfg(not(all(target_arch = "arm", feature = "mve")))]
                    let patch = gather::gather(task, input, window, patch);
                    patch.finish();
                    window[1] = window[1].wrapping_add(g.stride[1]);
                    column += 1;
                    if column == columns {
                        column = 0;
                        let left = 0usize.wrapping_sub(g.pad[1]);
                        window = [window[0].wrapping_add(g.stride[0]), left];
                    }
                }
            }
            out = out.add(count * filters);
        }
        let mut frame = Frame {
            x: scratch,
            out: first,
            second: if count > 1 { filters } else { 0 },
            third: 2 * filters,
            // SAFETY: within the first pixel's outputs.
            end: unsafe { first.add(filters / FILTERS * FILTERS) },
            blocks: taps.div_ceil(packing::BLOCK),
            zero: task.requant.doubled_zero(),
            packed: task.packed.cast(),
            filter: taps.next_multiple_of(4),
            rows: FILTERS,
            count,
        };
        // SAFETY: patches, stream and outputs are those of this layer; whole records come first.
        unsafe {
            if METHOD != OTHER {
                if filters >= FILTERS {
                    isa::pairs::<METHOD>(&mut frame, task.requant);
                }
                frame.packed = task.packed.cast::<i32>().add(filters / FILTERS * record);
                frame.out = frame.end;
            }
            if METHOD == OTHER || (!WHOLE && filters % FILTERS > 0) {
                one_by_one::one_by_one(task, &mut frame, first.add(filters), taps);
            }
            if task.requant.is_clamped() {
                task.requant.clamp(first, count * filters);
            }
        }
    }
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
