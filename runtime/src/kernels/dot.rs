//! Dot products, output by output and tap by tap: for layers with so few that a kernel for many at a time would
//! be larger than what they save. One function for every layer of a model, as in [`super::conv2d`].

use super::requant::{Form, Requant, accumulator_bits};
use super::{OTHER, SINGLE, TFLITE, base, frozen, inside, per_output, rolled, unknown};
use crate::arena::Memory;
use crate::layer::Dot;
use crate::packing;
use crate::params::DotParams;

/// Runs the layer `L` on the arena.
///
/// The output may start where the input does where [`DotParams::in_place`] says so.
#[inline(always)]
pub fn dot_s8<L: Dot>(arena: &mut impl Memory) {
    let base = valid::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: `valid` checked regions, steps and constants against each other.
    unsafe {
        match const { Requant::of_dot(&L::PARAMS).form() } {
            Form::TfLite => run::<TFLITE>(base, frozen(task)),
            Form::Single => run::<SINGLE>(base, frozen(task)),
            Form::Shifted | Form::Other => run::<OTHER>(base, frozen(task)),
        }
    }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    outputs: usize,
    taps: usize,
    /// Bytes from an output's first tap to the next one's, and from a tap to the next.
    step: usize,
    tap: usize,
    /// Words of a record.
    record: usize,
    requant: Requant,
    packed: *const i32,
}

impl Task {
    const fn new<L: Dot>() -> Self {
        let p = L::PARAMS;
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            outputs: p.outputs,
            taps: p.taps,
            step: p.x.output,
            tap: p.x.tap,
            record: packing::dot_record_words(p.taps),
            requant: Requant::of_dot(&p),
            packed: L::PACKED.as_ptr(),
        }
    }
}

/// The arena of a layer whose regions and constants fit together, or it does not compile.
#[inline(always)]
fn valid<L: Dot, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        let p = L::PARAMS;
        inside(L::INPUT, M::LEN);
        inside(L::OUTPUT, M::LEN);
        assert!(p.taps > 0 && p.outputs > 0, "empty layer");
        assert!(L::INPUT.len == p.inputs, "input region and inputs differ");
        assert!(
            L::OUTPUT.len == p.outputs,
            "output region and outputs differ"
        );
        assert!(
            (p.outputs - 1) * p.x.output + (p.taps - 1) * p.x.tap < p.inputs,
            "a tap outside the input"
        );
        assert!(
            p.weights.len() == p.outputs * p.taps
                && (p.outputs - 1) * p.w.output + (p.taps - 1) * p.w.tap < p.weights.len(),
            "weights and shape differ"
        );
        per_output(p.outputs, p.bias, p.mantissas, p.exponents);
        assert!(
            L::PACKED.len() == packing::dot_words(&p),
            "stream and shape differ"
        );
        let same = L::INPUT.offset == L::OUTPUT.offset && p.in_place();
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
    let mut record = task.packed;
    // SAFETY: the regions lie in the arena, the records in the stream; there is an output, and a tap.
    unsafe {
        let mut first = arena.add(task.input).cast_const();
        let mut out = arena.add(task.output);
        let last = out.add(task.outputs);
        while out != last {
            rolled();
            // Cortex-M0 has no signed load with an offset, which LLVM else keeps apart from the address.
            let (mut x, mut w) = (first, record.add(unknown(3)).cast::<i8>());
            let end = w.add(task.taps);
            let mut sum = *record;
            while w != end {
                rolled();
                sum = sum.wrapping_add(i32::from(*x) * i32::from(*w));
                x = x.wrapping_add(task.tap);
                w = w.add(1);
            }
            let factors = record.add(1);
            *out = if METHOD == OTHER {
                // Else the function would be another where no other kernel calls it.
                task.requant
                    .finish_one(sum, factors, unknown(1), unknown(0))
            } else {
                let channel = task.requant.unpacked_as::<METHOD>(factors, 1, 0);
                channel.saturated::<METHOD>(sum)
            };
            out = out.add(1);
            first = first.wrapping_add(task.step);
            record = record.add(task.record);
        }
        if task.requant.is_clamped() {
            task.requant.clamp(arena.add(task.output), task.outputs);
        }
    }
}

impl Requant {
    /// How dot products are requantised.
    pub(crate) const fn of_dot(p: &DotParams<'_>) -> Self {
        let bits = accumulator_bits(p.taps, p.bias);
        let scales = (p.mantissas, p.exponents);
        Self::new(p.rounding, p.output_zero, p.clamp, bits, scales)
    }
}
