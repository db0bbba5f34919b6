//! Values from flash to the arena, for layers that cannot read them where they lie. One function for every
//! layer of a model, as in [`super::conv2d`].

use super::{base, frozen, inside, rolled};
use crate::arena::Memory;
use crate::layer::Constant;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn constant_s8<L: Constant>(arena: &mut impl Memory) {
    let base = checked::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            output: L::OUTPUT.offset,
            values: L::PARAMS.values,
        }
    };
    // SAFETY: the region lies in the arena and has as many bytes as there are values.
    unsafe { run(base, frozen(task)) }
}

/// The arena of a layer whose region lies inside, or it does not compile.
#[inline(always)]
fn checked<L: Constant, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        inside(L::OUTPUT, M::LEN);
        assert!(
            L::OUTPUT.len == L::PARAMS.values.len(),
            "output region and values differ"
        );
    }
    base(arena)
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    output: usize,
    values: &'static [i8],
}

/// Copies byte by byte: bytes in flash are not aligned.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let mut from = task.values.as_ptr();
    // SAFETY: as many bytes may be read as written.
    unsafe {
        let mut to = arena.add(task.output);
        let end = to.add(task.values.len());
        while to < end {
            rolled();
            *to = *from;
            (from, to) = (from.add(1), to.add(1));
        }
    }
}
