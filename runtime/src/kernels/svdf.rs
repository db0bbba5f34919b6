//! A filter over the last steps of a stream: per filter a sum over the inputs, a step of its memory, a sum over
//! time. One function for every layer of a model, as in [`super::conv2d`].

use super::{frozen, inside, rolled, unary};
use crate::arena::Memory;
use crate::layer::Svdf;
use crate::params::SvdfParams;
use crate::requant::{Scale, requantize};

/// Runs the layer `L` on the arena; its state goes on by a step.
#[inline(always)]
pub fn svdf_s8<L: Svdf>(arena: &mut impl Memory) {
    let base = checked::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            state: L::STATE.offset,
            params: L::PARAMS,
        }
    };
    // SAFETY: regions and constants were checked against the shape.
    unsafe { run(base, frozen(task)) }
}

/// The arena of a layer whose regions and constants fit each other, or it does not compile.
#[inline(always)]
fn checked<L: Svdf, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        let p = L::PARAMS;
        let filters = p.filters();
        assert!(filters > 0 && p.memory > 0 && p.inputs > 0, "empty layer");
        assert!(L::INPUT.len == p.inputs, "input region and length differ");
        assert!(L::OUTPUT.len == p.units, "output region and length differ");
        assert!(
            p.weights.len() == filters * p.inputs,
            "weights and shape differ"
        );
        assert!(p.offsets.len() == filters, "one addend per filter");
        assert!(
            p.time.len() == filters * p.memory,
            "weights over time and shape differ"
        );
        assert!(p.bias.len() == p.units, "one bias per unit");
        inside(L::STATE, M::LEN);
        assert!(
            L::STATE.len == p.state_bytes(),
            "state region and shape differ"
        );
        assert!(
            !L::STATE.overlaps(L::INPUT) && !L::STATE.overlaps(L::OUTPUT),
            "what is kept overlaps what is not"
        );
    }
    unary::<L, _>(arena)
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    state: usize,
    params: SvdfParams<'static>,
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let p = &task.params;
    let (inputs, memory) = (p.inputs, p.memory);
    // Copies, because what is written to the arena might be the task, for all that LLVM knows.
    let [low, high] = p.kept.map(i32::from);
    let [least, most] = p.clamp.map(i32::from);
    let (feature, factor, rounding): (Scale, Scale, _) = (p.feature, p.output, p.rounding);
    let (units, rank, zero) = (p.units, p.rank, i32::from(p.output_zero));
    let (mut bias, mut offset) = (p.bias.as_ptr(), p.offsets.as_ptr());
    let (mut weight, mut time) = (p.weights.as_ptr(), p.time.as_ptr());
    // SAFETY: the regions lie in the arena, the state at an even offset, and all lists are as long as the
    // shape says.
    unsafe {
        let input = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        let mut kept = arena.add(task.state).cast::<i16>();
        for _ in 0..units {
            rolled();
            let mut sum = *bias;
            bias = bias.add(1);
            for _ in 0..rank {
                rolled();
                let mut seen = *offset;
                offset = offset.add(1);
                for i in 0..inputs {
                    rolled();
                    seen = seen.wrapping_add(i32::from(*weight) * i32::from(*input.add(i)));
                    weight = weight.add(1);
                }
                let seen = requantize(seen, feature, rounding);
                let seen = if seen > high { high } else { seen };
                let seen = if seen < low { low } else { seen };
                // Each number moves down as it is weighted.
                for _ in 1..memory {
                    rolled();
                    let x = *kept.add(1);
                    *kept = x;
                    let w = i32::from((*time).cast_signed());
                    sum = sum.wrapping_add(w.wrapping_mul(i32::from(x)));
                    (kept, time) = (kept.add(1), time.add(1));
                }
                *kept = seen as i16;
                let w = i32::from((*time).cast_signed());
                sum = sum.wrapping_add(w.wrapping_mul(seen));
                (kept, time) = (kept.add(1), time.add(1));
            }
            let y = requantize(sum, factor, rounding).wrapping_add(zero);
            let y = if y > most { most } else { y };
            *output = (if y < least { least } else { y }) as i8;
            output = output.add(1);
        }
    }
}
