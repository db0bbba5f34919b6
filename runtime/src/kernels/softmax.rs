//! Softmax: two passes over the vector, one look-up of an exponential per element and pass. One function
//! for every layer of a model, as in [`super::conv2d`].

use super::{frozen, rolled, unary};
use crate::arena::Memory;
use crate::layer::Softmax;
use crate::softmax_math::{Reciprocal, sum_term};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn softmax_s8<L: Softmax>(arena: &mut impl Memory) {
    const {
        assert!(L::PARAMS.len > 0, "empty layer");
        assert!(
            L::INPUT.len == L::PARAMS.len,
            "input region and length differ"
        );
        assert!(
            L::OUTPUT.len == L::PARAMS.len,
            "output region and length differ"
        );
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            len: L::PARAMS.len,
            exps: L::PARAMS.exps,
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
    len: usize,
    exps: &'static [i32; 256],
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let x = |i: usize| {
        // SAFETY: i < len bytes of the input region.
        i32::from(unsafe { *arena.add(task.input + i) })
    };
    let mut max = i32::from(i8::MIN);
    for i in 0..task.len {
        rolled();
        max = max.max(x(i));
    }
    // The difference of two i8 has eight bits; the mask says so to the compiler.
    let exp = |i: usize| task.exps[((max - x(i)) & 0xff) as usize];
    let mut sum = 0i32;
    for i in 0..task.len {
        rolled();
        sum = sum.wrapping_add(sum_term(exp(i)));
    }
    let reciprocal = Reciprocal::of(sum);
    for i in 0..task.len {
        rolled();
        let y = reciprocal.scale(exp(i));
        // SAFETY: as for the input.
        unsafe { *arena.add(task.output + i) = y };
    }
}
