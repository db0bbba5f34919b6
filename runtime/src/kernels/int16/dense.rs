//! Fully connected layer, output by output. One function for every layer of a model, as in
//! [`crate::kernels::conv2d`].

use super::{Channels, Finish, dot, holds, per_channel};
use crate::arena::Memory;
use crate::kernels::{frozen, rolled, unary};
use crate::layer::DenseS16;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn dense_s16<L: DenseS16>(arena: &mut impl Memory) {
    const {
        let p = L::PARAMS;
        assert!(p.inputs > 0 && p.outputs > 0, "empty layer");
        assert!(
            p.weights.len() == p.inputs * p.outputs,
            "weights and shape differ"
        );
        per_channel(p.outputs, p.bias, p.mantissas, p.exponents);
        holds(L::INPUT, p.inputs);
        holds(L::OUTPUT, p.outputs);
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const {
        let p = L::PARAMS;
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            inputs: p.inputs,
            outputs: p.outputs,
            constants: Channels::new(p.weights, p.bias, p.mantissas, p.exponents),
            finish: Finish {
                sums: p.sums,
                clamp: p.clamp,
            },
        }
    };
    // SAFETY: regions, shapes and constants were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(in crate::kernels) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    inputs: usize,
    outputs: usize,
    constants: Channels,
    finish: Finish,
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let constants = &task.constants;
    // SAFETY: the regions lie in the arena, are aligned and have the layer's sizes; there is a row of
    // weights and a bias for every output.
    unsafe {
        let input: *const i16 = arena.add(task.input).cast_const().cast();
        let mut output: *mut i16 = arena.add(task.output).cast();
        let mut weights = constants.weights;
        for o in 0..task.outputs {
            rolled();
            let sum = dot(*constants.bias.add(o), weights, input, task.inputs);
            *output = task.finish.apply(sum, constants.scale(o));
            output = output.add(1);
            weights = weights.add(task.inputs);
        }
    }
}
