//! Transposed 2-D convolution: per phase a convolution of stride 1, whose outputs lie apart. Its pixels go
//! row by row; patches and sums are those of [`super`], from one packed stream with all phases.

#[cfg(not(all(target_arch = "arm", feature = "mve")))]
use super::gather;
use super::{Frame, one_by_one, places};
use crate::arena::Memory;
use crate::isa::TARGET;
use crate::isa::conv2d as isa;
use crate::kernels::requant::{Form, Requant, accumulator_bits};
use crate::kernels::sliding::Axis;
use crate::kernels::{OTHER, SINGLE, TFLITE, frozen, least, rolled, unary};
use crate::layer::TransposeConv2d;
use crate::packing::{self, FILTERS};
use crate::params::{PHASE_WORDS, Phase, TransposeConv2dParams};
use crate::scratch::{self, Geometry};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn transpose_conv2d_s8<L: TransposeConv2d>(arena: &mut impl Memory) {
    let base = valid::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: `valid` checked regions, phases and constants against each other.
    unsafe {
        match const { Requant::of_transpose_conv2d(&L::PARAMS).form() } {
            Form::TfLite => run::<TFLITE>(base, frozen(task)),
            Form::Single => run::<SINGLE>(base, frozen(task)),
            Form::Shifted | Form::Other => run::<OTHER>(base, frozen(task)),
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
    image: [usize; 3],
    /// Bytes of an output pixel, and of a row of the output.
    pixel: usize,
    row: usize,
    stride: [usize; 2],
    phases: &'static [i32],
    zero: i8,
    requant: Requant,
    packed: &'static [i32],
}

impl Task {
    const fn new<L: TransposeConv2d>() -> Self {
        let p = L::PARAMS;
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            scratch: L::SCRATCH.offset,
            image: p.input,
            pixel: p.output[2],
            row: p.output[1] * p.output[2],
            stride: p.stride,
            phases: p.phases,
            zero: p.input_zero,
            requant: Requant::of_transpose_conv2d(&p),
            packed: L::PACKED,
        }
    }

    /// The convolution of a phase.
    #[inline(always)]
    fn phase(&self, rows: &Phase, columns: &Phase) -> super::Task {
        let axis = |len: usize, phase: &Phase| Axis {
            len,
            out: phase.count as usize,
            kernel: phase.taps as usize,
            stride: 1,
            dilation: 1,
            pad: 0,
        };
        let [height, width, channels] = self.image;
        super::Task {
            input: self.input,
            output: self.output,
            scratch: self.scratch,
            geometry: Geometry {
                input: self.image,
                output: [rows.count as usize, columns.count as usize, self.pixel],
                kernel: [rows.taps as usize, columns.taps as usize],
                stride: [1, 1],
                dilation: [1, 1],
                // Wraps around where the first window starts within the input.
                pad: [rows, columns].map(|phase| (phase.start as usize).wrapping_neg()),
            },
            places: [places(axis(height, rows)), places(axis(width, columns))],
            run: columns.taps as usize * channels,
            runs: rows.taps as usize,
            step: width * channels,
            blocks: 1,
            block_step: 0,
            zero: self.zero,
            pointwise: false,
            requant: self.requant,
            packed: self.packed,
        }
    }
}

/// The arena of a layer whose regions and constants fit together, or it does not compile.
#[inline(always)]
fn valid<L: TransposeConv2d, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        let p = L::PARAMS;
        let channels = p.output[2];
        assert!(p.input[2] > 0 && channels > 0, "no channels");
        assert!(
            p.phases.len() == (p.stride[0] + p.stride[1]) * PHASE_WORDS,
            "phases and stride differ"
        );
        let (mut first, mut axis) = (0, 0);
        while axis < 2 {
            phases_fit(&p, first, axis);
            first += p.stride[axis];
            axis += 1;
        }
        assert!(
            p.mantissas.len() == channels && p.exponents.len() == channels,
            "one factor per output channel"
        );
        assert!(
            p.bias.len() == p.stride[0] * p.stride[1] * channels,
            "one bias per phase and output channel"
        );
        assert!(
            L::PACKED.len() == packing::transpose_conv2d_words(&p),
            "stream and shape differ"
        );
        super::windowed(
            [L::INPUT, L::OUTPUT, L::SCRATCH],
            &p.geometry(),
            TARGET.conv2d_scratch(&p.geometry()),
            M::LEN,
        );
    }
    unary::<L, _>(arena)
}

/// Asserts that the phases of an axis, from number `first` on, have all of its outputs.
const fn phases_fit(p: &TransposeConv2dParams<'_>, first: usize, axis: usize) {
    const MOST: usize = 1 << 24;
    let (len, stride) = (p.output[axis], p.stride[axis]);
    assert!(
        stride > 0 && stride < MOST && p.input[axis] < MOST,
        "invalid stride or input"
    );
    let (mut outputs, mut k) = (0, 0);
    while k < stride {
        let phase = Phase::of(p.phases, first + k);
        assert!(
            phase.taps > 0 && (phase.taps as usize) < MOST,
            "invalid taps"
        );
        assert!(phase.first >= 0 && phase.count >= 0, "invalid phase");
        assert!(
            phase.start.unsigned_abs() < MOST as u32,
            "invalid start of a phase"
        );
        let (count, at) = (phase.count as usize, phase.first as usize);
        assert!(
            count == 0 || at + (count - 1) * stride < len,
            "a phase leaves the output"
        );
        outputs += count;
        k += 1;
    }
    assert!(outputs == len, "phases and output differ");
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a layer that [`valid`] accepts, `arena` its arena.
#[inline(never)]
unsafe fn run<const METHOD: u32>(arena: *mut i8, task: &Task) {
    // A phase is laid out as its words are.
    let phases = task.phases.as_ptr().cast::<Phase>();
    let mut packed = task.packed.as_ptr();
    for row in 0..task.stride[0] {
        rolled();
        for column in 0..task.stride[1] {
            rolled();
            // SAFETY: there are so many phases of rows and columns; the stream has all of them.
            unsafe {
                let rows = &*phases.add(row);
                let columns = &*phases.add(task.stride[0] + column);
                let conv = task.phase(rows, columns);
                let taps = conv.geometry.kernel[0] * conv.run;
                isa::Patch::prepare(arena.add(task.scratch), taps);
                let pixel = columns.first as usize * task.pixel;
                let mut out = arena.add(task.output + rows.first as usize * task.row + pixel);
                for y in 0..conv.geometry.output[0] {
                    rolled();
                    run_row::<METHOD>(arena, task, &conv, [y, taps], packed, out);
                    out = out.wrapping_add(task.stride[0] * task.row);
                }
                packed = packed.add(packing::matrix_words(TARGET, FILTERS, task.pixel, taps));
            }
        }
    }
}

/// Computes the outputs of a phase in a row, from `out` on.
///
/// # Safety
/// As for [`run`]; `conv` and the stream are those of the phase, which has row `y` and so many taps.
#[inline(always)]
unsafe fn run_row<const METHOD: u32>(
    arena: *mut i8,
    task: &Task,
    conv: &super::Task,
    [y, taps]: [usize; 2],
    packed: *const i32,
    mut out: *mut i8,
) {
    let filters = task.pixel;
    let step = task.stride[1] * filters;
    // SAFETY: the regions lie in the arena.
    let (input, scratch) = unsafe { (arena.add(task.input).cast_const(), arena.add(task.scratch)) };
    let mut left = conv.geometry.output[1];
    // The first tap's row and column, which wrap around in the padding; a phase's stride is 1.
    let y = y.wrapping_sub(conv.geometry.pad[0]);
    let mut x = 0usize.wrapping_sub(conv.geometry.pad[1]);
    while left > 0 {
        let count = least(scratch::tile(left), isa::PIXELS);
        left -= count;
        for slot in 0..count {
            rolled();
            // SAFETY: the scratch holds the patches of PIXELS pixels; the pixel lies in the phase's output.
            unsafe {
                let patch = isa::Patch::new(scratch, slot, task.image[2], taps);
                #[cfg(all(target_arch = "arm", feature = "mve"))]
                let patch = patch.window(&conv.geometry, task.zero, input, [y, x]);
                #[cfg(not(all(target_arch = "arm", feature = "mve")))]
                let patch = gather::gather(conv, input, [y, x], patch);
                patch.finish();
            }
            x = x.wrapping_add(1);
        }
        let mut frame = Frame {
            x: scratch,
            out,
            second: if count > 1 { step } else { 0 },
            third: 2 * step,
            // SAFETY: within the first pixel's outputs.
            end: unsafe { out.add(filters / FILTERS * FILTERS) },
            blocks: taps.div_ceil(packing::BLOCK),
            zero: task.requant.doubled_zero(),
            packed,
            filter: taps.next_multiple_of(4),
            rows: FILTERS,
            count,
        };
        // SAFETY: patches, stream and outputs are those of this phase; whole records come first.
        unsafe {
            if METHOD != OTHER {
                if filters >= FILTERS {
                    isa::pairs::<METHOD>(&mut frame, task.requant);
                }
                let record = packing::record_words(TARGET, FILTERS, taps);
                frame.packed = packed.add(filters / FILTERS * record);
                frame.out = frame.end;
            }
            if METHOD == OTHER || !filters.is_multiple_of(FILTERS) {
                one_by_one::one_by_one(conv, &mut frame, out.add(filters), taps);
            }
            for _ in 0..count {
                rolled();
                if task.requant.is_clamped() {
                    task.requant.clamp(out, filters);
                }
                out = out.wrapping_add(step);
            }
        }
    }
}

impl TransposeConv2dParams<'_> {
    /// The convolution of the phase with the most taps, as far as scratch and regions go.
    pub const fn geometry(&self) -> Geometry {
        let mut kernel = [1, 1];
        let (mut first, mut axis) = (0, 0);
        while axis < 2 {
            let mut k = 0;
            while k < self.stride[axis] {
                let taps = Phase::of(self.phases, first + k).taps as usize;
                kernel[axis] = if taps > kernel[axis] {
                    taps
                } else {
                    kernel[axis]
                };
                k += 1;
            }
            first += self.stride[axis];
            axis += 1;
        }
        Geometry {
            input: self.input,
            output: self.output,
            kernel,
            stride: [1, 1],
            dilation: [1, 1],
            pad: [0, 0],
        }
    }
}

impl Requant {
    /// How the outputs of a transposed convolution are requantised.
    pub(crate) const fn of_transpose_conv2d(p: &TransposeConv2dParams<'_>) -> Self {
        let [height, width] = p.geometry().kernel;
        let bits = accumulator_bits(height * width * p.input[2], p.bias);
        let scales = (p.mantissas, p.exponents);
        Self::new(p.rounding, p.output_zero, p.clamp, bits, scales)
    }
}
