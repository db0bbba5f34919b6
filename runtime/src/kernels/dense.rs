//! Fully connected layer: [`ROWS`] rows of weights at a time, so that one load of the input serves several
//! outputs. One function for every layer of a model, as in [`super::conv2d`].

use super::requant::{Form, Requant, accumulator_bits};
use super::{OTHER, SINGLE, TFLITE, frozen, per_output, rolled, unary};
use crate::arena::{Memory, Region};
use crate::isa::TARGET;
use crate::isa::dense as isa;
use crate::layer::Dense;
use crate::packing::{self, ROWS};
use crate::params::DenseParams;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn dense_s8<L: Dense>(arena: &mut impl Memory) {
    const {
        valid(&L::PARAMS, [L::INPUT, L::OUTPUT], L::WHOLE);
        assert!(
            L::PACKED.len() == packing::dense_words(&L::PARAMS),
            "stream and shape differ"
        );
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const { &Task::new(&L::PARAMS, [L::INPUT, L::OUTPUT], L::PACKED) };
    // SAFETY: regions, sizes and constants were checked against each other.
    unsafe {
        match const { (Requant::of_dense(&L::PARAMS).form(), L::WHOLE) } {
            (Form::TfLite, true) => run::<TFLITE, true>(base, frozen(task)),
            (Form::TfLite, false) => run::<TFLITE, false>(base, frozen(task)),
            (Form::Single, true) => run::<SINGLE, true>(base, frozen(task)),
            (Form::Single, false) => run::<SINGLE, false>(base, frozen(task)),
            (Form::Shifted | Form::Other, _) => run::<OTHER, false>(base, frozen(task)),
        }
    }
}

/// Asserts that a layer's regions (input, output) and constants fit together.
pub(super) const fn valid(p: &DenseParams<'_>, [input, output]: [Region; 2], whole: bool) {
    assert!(p.inputs > 0 && p.outputs > 0, "empty layer");
    assert!(input.len == p.inputs, "input region and inputs differ");
    assert!(output.len == p.outputs, "output region and outputs differ");
    assert!(
        p.weights.len() == p.inputs * p.outputs,
        "weights and shape differ"
    );
    per_output(p.outputs, p.bias, p.mantissas, p.exponents);
    assert!(
        !whole || p.outputs.is_multiple_of(ROWS),
        "outputs do not come in whole groups"
    );
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    pub(super) output: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    requant: Requant,
    /// The records.
    pub(super) packed: *const [i32],
}

impl Task {
    pub(super) const fn new(
        p: &DenseParams<'_>,
        [input, output]: [Region; 2],
        packed: &'static [i32],
    ) -> Self {
        Self {
            input: input.offset,
            output: output.offset,
            inputs: p.inputs,
            outputs: p.outputs,
            requant: Requant::of_dense(p),
            packed,
        }
    }
}

/// The input and the rows to run over it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Frame {
    /// The input.
    pub(crate) x: *const i8,
    /// The next output.
    pub(crate) out: *mut i8,
    /// One past the last output of a whole group of rows.
    pub(crate) end: *mut i8,
    /// Blocks of the input: words of four, or vectors of sixteen.
    pub(crate) blocks: usize,
    /// Twice the output's zero point, plus one.
    pub(crate) zero: i32,
    /// The next record.
    pub(crate) packed: *const i32,
    /// Inputs.
    pub(crate) len: usize,
    /// Rows in the next record.
    pub(crate) rows: usize,
}

/// Computes all outputs; there are whole groups only if `WHOLE`.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
pub(super) unsafe fn run<const METHOD: u32, const WHOLE: bool>(arena: *mut i8, task: &Task) {
    let record = packing::record_words(TARGET, ROWS, task.inputs);
    // SAFETY: the regions lie in the arena, the records in the stream.
    unsafe {
        let out = arena.add(task.output);
        let last = out.add(task.outputs);
        let mut frame = Frame {
            x: arena.add(task.input),
            out,
            end: out.add(task.outputs / ROWS * ROWS),
            blocks: task.inputs.div_ceil(packing::BLOCK),
            zero: task.requant.doubled_zero(),
            packed: task.packed.cast(),
            len: task.inputs,
            rows: ROWS,
        };
        if METHOD != OTHER && task.outputs >= ROWS {
            isa::groups::<METHOD>(&frame, task.requant);
            frame.out = frame.end;
            frame.packed = frame.packed.add(task.outputs / ROWS * record);
        }
        while (METHOD == OTHER || !WHOLE) && frame.out < last {
            rolled();
            let left = last.offset_from_unsigned(frame.out);
            frame.rows = packing::rows_in_record(TARGET, ROWS, left);
            let sums = isa::sums(&frame);
            let record = packing::record_words(TARGET, frame.rows, task.inputs);
            frame.packed = frame.packed.add(record);
            let factors = frame.packed.sub(packing::factor_words(TARGET, frame.rows));
            for (k, sum) in sums.into_iter().enumerate() {
                rolled();
                if frame.out < last {
                    *frame.out = task.requant.finish_one(sum, factors, frame.rows, k);
                    frame.out = frame.out.add(1);
                }
            }
        }
        if task.requant.is_clamped() {
            task.requant.clamp(out, task.outputs);
        }
    }
}

impl Requant {
    /// How the outputs of a fully connected layer are requantised.
    pub(crate) const fn of_dense(p: &DenseParams<'_>) -> Self {
        let bits = accumulator_bits(p.inputs, p.bias);
        let scales = (p.mantissas, p.exponents);
        Self::new(p.rounding, p.output_zero, p.clamp, bits, scales)
    }
}
