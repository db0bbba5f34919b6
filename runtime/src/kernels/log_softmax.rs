//! Logarithm of softmax: per row the maximum, the sum of exponentials, one logarithm, and a product per
//! element. One function for every layer of a model, as in [`super::conv2d`].

use super::{frozen, rolled, unary};
use crate::arena::Memory;
use crate::layer::LogSoftmax;
use crate::log_softmax_math::{log_at_least_one, output};
use crate::requant::Scale;
use crate::softmax_math::sum_term;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn log_softmax_s8<L: LogSoftmax>(arena: &mut impl Memory) {
    const {
        let elements = L::PARAMS.rows * L::PARAMS.len;
        assert!(elements > 0, "empty layer");
        assert!(L::INPUT.len == elements, "input region and length differ");
        assert!(L::OUTPUT.len == elements, "output region and length differ");
        let shift = L::PARAMS.scale.exponent;
        assert!(shift >= 0 && shift < 32, "no left shift");
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            rows: L::PARAMS.rows,
            len: L::PARAMS.len,
            exps: L::PARAMS.exps,
            scale: L::PARAMS.scale,
            farthest: L::PARAMS.farthest,
        }
    };
    // SAFETY: regions and length were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    rows: usize,
    len: usize,
    exps: &'static [i32; 256],
    scale: Scale,
    farthest: u8,
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    // SAFETY: both regions have rows · len elements.
    unsafe {
        let mut input = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        for _ in 0..task.rows {
            rolled();
            row(input, output, task);
            (input, output) = (input.add(task.len), output.add(task.len));
        }
    }
}

/// Computes a row.
///
/// # Safety
/// There are `len` elements at both pointers.
#[inline(always)]
unsafe fn row(input: *const i8, out: *mut i8, task: &Task) {
    let x = |i: usize| {
        // SAFETY: i < len.
        i32::from(unsafe { *input.add(i) })
    };
    let mut max = i32::from(i8::MIN);
    for i in 0..task.len {
        rolled();
        max = max.max(x(i));
    }
    let mut sum = 0i32;
    for i in 0..task.len {
        rolled();
        // The difference of two i8 has eight bits; the mask says so to the compiler.
        sum = sum.wrapping_add(sum_term(task.exps[((max - x(i)) & 0xff) as usize]));
    }
    let log = log_at_least_one(sum);
    // Copies, because what is written to the arena might be the task, for all that LLVM knows.
    let (scale, farthest) = (task.scale, task.farthest);
    for i in 0..task.len {
        rolled();
        let y = output(max - x(i), farthest, scale, log);
        // SAFETY: as for the input.
        unsafe { *out.add(i) = y };
    }
}
