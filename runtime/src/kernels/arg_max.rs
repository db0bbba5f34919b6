//! Index of the largest element along an axis; the first one wins. One function for every layer of a model,
//! as in [`super::conv2d`].

use super::{frozen, rolled, unary};
use crate::arena::Memory;
use crate::layer::ArgMax;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn arg_max_s8<L: ArgMax>(arena: &mut impl Memory) {
    const {
        let p = L::PARAMS;
        assert!(p.len > 0 && p.len <= 128, "an index has to fit an i8");
        assert!(
            L::INPUT.len == p.outer * p.len * p.inner,
            "input region and shape differ"
        );
        assert!(
            L::OUTPUT.len == p.outer * p.inner,
            "output region and shape differ"
        );
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            outer: L::PARAMS.outer,
            len: L::PARAMS.len,
            inner: L::PARAMS.inner,
        }
    };
    // SAFETY: regions and shapes were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    outer: usize,
    len: usize,
    inner: usize,
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    // SAFETY: the regions lie in the arena and have the shape's sizes.
    unsafe {
        let mut first = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        for _ in 0..task.outer {
            rolled();
            for _ in 0..task.inner {
                rolled();
                let (mut x, mut most, mut best) = (first, i32::MIN, 0);
                for index in 0..task.len {
                    rolled();
                    // Without a jump, so that it takes as long whatever the values are.
                    let larger = -i32::from(i32::from(*x) > most);
                    best = (best & !larger) | (index as i32 & larger);
                    most = most.max(i32::from(*x));
                    x = x.wrapping_add(task.inner);
                }
                *output = best as i8;
                output = output.add(1);
                first = first.add(1);
            }
            first = first.wrapping_add((task.len - 1) * task.inner);
        }
    }
}
