//! Element-wise addition. The output may be exactly one of the inputs: each element is read before it is
//! written. One function for every layer of a model, as in [`crate::kernels::conv2d`].

use super::{clamp, holds};
use crate::arena::Memory;
use crate::kernels::{binary, frozen, rolled};
use crate::layer::AddS16;
use crate::params::{ADD_SHIFT, AddS16Params};
use crate::requant::requantize;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn add_s16<L: AddS16>(arena: &mut impl Memory) {
    const {
        assert!(L::PARAMS.len > 0, "empty layer");
        holds(L::LEFT, L::PARAMS.len);
        holds(L::RIGHT, L::PARAMS.len);
        holds(L::OUTPUT, L::PARAMS.len);
    }
    let base = binary::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            left: L::LEFT.offset,
            right: L::RIGHT.offset,
            output: L::OUTPUT.offset,
            params: L::PARAMS,
        }
    };
    // SAFETY: regions and length were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(in crate::kernels) struct Task {
    /// Offsets in the arena.
    left: usize,
    right: usize,
    output: usize,
    params: AddS16Params,
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    // A copy, because what is written to the arena might be the task, for all that LLVM knows.
    let p = task.params;
    // SAFETY: three regions of `len` aligned elements inside the arena.
    unsafe {
        let mut left: *const i16 = arena.add(task.left).cast_const().cast();
        let mut right: *const i16 = arena.add(task.right).cast_const().cast();
        let mut output: *mut i16 = arena.add(task.output).cast();
        let end = output.add(p.len);
        while output < end {
            rolled();
            let [a, b] = [*left, *right].map(|x| i32::from(x) << ADD_SHIFT);
            let a = requantize(a, p.left, p.rounding);
            let b = requantize(b, p.right, p.rounding);
            let sum = requantize(a.wrapping_add(b), p.output, p.rounding);
            *output = clamp(sum, p.clamp);
            (left, right, output) = (left.add(1), right.add(1), output.add(1));
        }
    }
}
