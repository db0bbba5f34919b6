//! From one scale and type to others, element by element. Between equal types the output may be exactly
//! the input. One function for every layer of a model, as in [`crate::kernels::conv2d`].

use crate::arena::Memory;
use crate::kernels::{frozen, rolled, unary_in_place};
use crate::layer::Quantize;
use crate::params::{QuantizeParams, Width};
use crate::requant::requantize;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn quantize_s16<L: Quantize>(arena: &mut impl Memory) {
    const {
        let p = L::PARAMS;
        assert!(p.len > 0, "empty layer");
        assert!(
            L::INPUT.len == p.len * p.from.bytes(),
            "input region and length differ"
        );
        assert!(
            L::OUTPUT.len == p.len * p.to.bytes(),
            "output region and length differ"
        );
    }
    let base = unary_in_place::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            params: L::PARAMS,
        }
    };
    // SAFETY: regions, types and length were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(in crate::kernels) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    params: QuantizeParams,
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    // A copy, because what is written to the arena might be the task, for all that LLVM knows.
    let p = task.params;
    let [low, high] = p.to.range();
    let [from, to] = [p.from.bytes(), p.to.bytes()];
    // SAFETY: two regions of `len` elements inside the arena, aligned to their types.
    unsafe {
        let mut input = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        for _ in 0..p.len {
            rolled();
            let x = match p.from {
                Width::Byte => i32::from(*input),
                Width::Half => i32::from(*input.cast::<i16>()),
            };
            let x = x.wrapping_sub(i32::from(p.input_zero));
            let y = requantize(x, p.scale, p.rounding).wrapping_add(i32::from(p.output_zero));
            let y = y.min(high).max(low);
            match p.to {
                Width::Byte => *output = y as i8,
                Width::Half => *output.cast::<i16>() = y as i16,
            }
            (input, output) = (input.add(from), output.add(to));
        }
    }
}
