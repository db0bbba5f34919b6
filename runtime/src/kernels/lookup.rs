//! One look-up per element. The output may be exactly the input: each element is read before it is
//! written. One function for every layer of a model, as in [`super::conv2d`].

use super::{frozen, rolled, unary_in_place};
use crate::arena::Memory;
use crate::layer::Lookup;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn lookup_s8<L: Lookup>(arena: &mut impl Memory) {
    const {
        let len = L::PARAMS.len;
        assert!(len > 0, "empty layer");
        assert!(L::INPUT.len == len, "input region and length differ");
        assert!(L::OUTPUT.len == len, "output region and length differ");
    }
    let base = unary_in_place::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            len: L::PARAMS.len,
            table: L::PARAMS.table,
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
    table: &'static [i8; 256],
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    // A copy, because what is written to the arena might be the task, for all that LLVM knows.
    let table = task.table;
    // SAFETY: two regions of `len` bytes inside the arena; a table has an entry for every byte.
    unsafe {
        let mut input = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        let end = output.add(task.len);
        while output < end {
            rolled();
            *output = table[usize::from((*input).cast_unsigned())];
            (input, output) = (input.add(1), output.add(1));
        }
    }
}
