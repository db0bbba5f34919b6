//! Fully connected layer with int4 weights: some rows at a time are unpacked to scratch, then the kernel of
//! int8 weights runs over them.

use core::mem::MaybeUninit;

use super::dense::{self, valid};
use super::requant::{Form, Requant};
use super::unpack::{own, unpack};
use super::{OTHER, SINGLE, TFLITE, frozen, inside, least, rolled, unary, unknown};
use crate::arena::Memory;
use crate::isa::TARGET;
use crate::layer::DenseS4;
use crate::packing::{self, ROWS};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn dense_s4<L: DenseS4>(arena: &mut impl Memory) {
    let base = checked::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            layer: dense::Task::new(&L::PARAMS, [L::INPUT, L::OUTPUT], L::PACKED),
            scratch: L::SCRATCH.offset,
            rows: TARGET.dense_s4_rows(L::PARAMS.inputs),
            run: match (Requant::of_dense(&L::PARAMS).form(), L::WHOLE) {
                (Form::TfLite, true) => dense::run::<TFLITE, true>,
                (Form::TfLite, false) => dense::run::<TFLITE, false>,
                (Form::Single, true) => dense::run::<SINGLE, true>,
                (Form::Single, false) => dense::run::<SINGLE, false>,
                (Form::Shifted | Form::Other, _) => dense::run::<OTHER, false>,
            },
        }
    };
    // SAFETY: regions, sizes and constants were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    layer: dense::Task,
    scratch: usize,
    /// Rows that are unpacked together.
    rows: usize,
    /// What runs over them.
    run: unsafe fn(*mut i8, &dense::Task),
}

/// The arena of a layer whose regions and constants fit together, or it does not compile.
#[inline(always)]
fn checked<L: DenseS4, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        let p = L::PARAMS;
        valid(&p, [L::INPUT, L::OUTPUT], L::WHOLE);
        inside(L::SCRATCH, M::LEN);
        assert!(
            L::SCRATCH.len >= TARGET.dense_s4_scratch(p.inputs, p.outputs),
            "not enough scratch"
        );
        assert!(
            !L::SCRATCH.overlaps(L::INPUT) && !L::SCRATCH.overlaps(L::OUTPUT),
            "scratch overlaps input or output"
        );
        assert!(
            L::PACKED.len() == packing::dense_s4_words(&p),
            "stream and shape differ"
        );
    }
    unary::<L, _>(arena)
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let mut place = MaybeUninit::uninit();
    let part = own(&task.layer, &mut place);
    let mut from = part.packed.cast::<i32>();
    let mut left = part.outputs;
    // SAFETY: the scratch has room for so many rows, the stream has those of all outputs.
    unsafe {
        let scratch = arena.add(task.scratch).cast::<i32>();
        part.packed = core::ptr::slice_from_raw_parts(scratch, 0);
        loop {
            rolled();
            part.outputs = least(left, task.rows);
            let group = unknown(ROWS);
            from = unpack(from, scratch, part.outputs, part.inputs, group);
            (task.run)(arena, part);
            if left <= part.outputs {
                return;
            }
            part.output += part.outputs;
            left -= part.outputs;
        }
    }
}
