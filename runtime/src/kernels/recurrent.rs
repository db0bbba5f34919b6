//! Recurrent layers, step by step and unit by unit: sums, then the state, then the output, which is the hidden
//! value that the next step reads. One function for plain layers of a model and one for gated ones, as in
//! [`super::conv2d`].

use super::lstm::{dot, saturate};
use super::{beside, frozen, kept, rolled, unary};
use crate::arena::Memory;
use crate::layer::Recurrent;
use crate::lstm_math::{TanhArgument, logistic, tanh};
use crate::params::{RecurrentCell, RecurrentParams};
use crate::requant::{Scale, requantize};

const UPDATE: usize = 0;
const RESET: usize = 1;
const CANDIDATE: usize = 2;
/// The parts of a gate's sum.
const INPUTS: usize = 0;
const HIDDEN: usize = 1;

/// Runs the layer `L` on the arena; what it keeps goes on by its steps.
#[inline(always)]
pub fn recurrent_s8<L: Recurrent>(arena: &mut impl Memory) {
    const { check::<L>() };
    let base = scratched::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: regions, shapes and constants were checked against each other.
    unsafe {
        match const { L::PARAMS.cell } {
            RecurrentCell::RnnTanh | RecurrentCell::RnnRelu => rnn(base, frozen(task)),
            RecurrentCell::Gru | RecurrentCell::GruResetAfter => gru(base, frozen(task)),
        }
    }
}

/// The arena; scratch and what is kept lie in it, apart from each other, input and output.
#[inline(always)]
fn scratched<L: Recurrent, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        beside::<L, M>(L::SCRATCH, L::STATE);
    }
    unary::<L, M>(arena)
}

const fn check<L: Recurrent>() {
    let p = L::PARAMS;
    let rows = p.cell.gates() * p.hidden;
    assert!(p.steps > 0 && p.inputs > 0 && p.hidden > 0, "empty layer");
    assert!(
        L::INPUT.len == p.steps * p.inputs,
        "input region and shape differ"
    );
    assert!(
        L::OUTPUT.len == p.steps * p.hidden,
        "output region and shape differ"
    );
    assert!(L::SCRATCH.len >= p.scratch(), "scratch too small");
    kept(L::STATE, p.stateful, 2 * p.hidden);
    assert!(
        p.weights.len() == rows * (p.inputs + p.hidden),
        "weights and shape differ"
    );
    assert!(
        p.bias.len() == 2 * rows && p.mantissas.len() == 2 * rows && p.exponents.len() == 2 * rows,
        "one bias and factor per gate, unit and part"
    );
    assert!(
        p.sigmoid.is_some() != matches!(p.cell, RecurrentCell::RnnRelu),
        "a table for all but rectified units"
    );
}

/// A layer as its function reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    state: usize,
    /// Hidden values before the first step, behind them those that are left by a reset.
    values: usize,
    params: RecurrentParams<'static>,
}

impl Task {
    const fn new<L: Recurrent>() -> Self {
        let (scratch, params) = (L::SCRATCH.offset, L::PARAMS);
        let (state, values) = match L::STATE {
            Some(state) => (state.offset, scratch),
            None => (scratch, scratch + 2 * params.hidden),
        };
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            state,
            values,
            params,
        }
    }

    /// Fills states with zeros unless they are kept, and hidden values with what these are.
    ///
    /// # Safety
    /// The task is that of a valid layer, `arena` its arena.
    #[inline(never)]
    unsafe fn start(&self, arena: *mut i8) {
        // SAFETY: there is a state and a value per unit.
        unsafe {
            let state: *mut i16 = arena.add(self.state).cast();
            let values = arena.add(self.values);
            for unit in 0..self.params.hidden {
                rolled();
                if !self.params.stateful {
                    *state.add(unit) = 0;
                }
                *values.add(unit) = self.narrow(*state.add(unit));
            }
        }
    }

    /// The part of the sum of a gate of a unit that inputs or hidden values make.
    ///
    /// # Safety
    /// `values` are as many as the part has weights; there is such a gate and unit.
    #[inline(never)]
    unsafe fn part(&self, values: *const i8, gate: usize, unit: usize, part: usize) -> i16 {
        let p = &self.params;
        let row = gate * p.hidden + unit;
        let at = 2 * row + part;
        let (skipped, len) = match part {
            INPUTS => (0, p.inputs),
            _ => (p.inputs, p.hidden),
        };
        // SAFETY: there are as many rows of weights, and of biases and factors, as gates of units.
        unsafe {
            let skipped = row * (p.inputs + p.hidden) + skipped;
            let sum = dot(p.weights.as_ptr().add(skipped), values, len);
            let sum = sum.wrapping_add(*p.bias.as_ptr().add(at));
            let scale = Scale {
                mantissa: *p.mantissas.as_ptr().add(at),
                exponent: *p.exponents.as_ptr().add(at),
            };
            saturate(requantize(sum, scale, p.rounding))
        }
    }

    /// The sum before the function of a gate of a unit.
    ///
    /// # Safety
    /// As [`Self::part`].
    #[inline(never)]
    unsafe fn sum(&self, x: *const i8, hidden: *const i8, gate: usize, unit: usize) -> i16 {
        // SAFETY: the caller's promise.
        unsafe {
            let sum = self.part(x, gate, unit, INPUTS);
            sum.saturating_add(self.part(hidden, gate, unit, HIDDEN))
        }
    }

    /// A gate of a unit.
    ///
    /// # Safety
    /// As [`Self::part`].
    #[inline(never)]
    unsafe fn gate(
        &self,
        sigmoid: &[u16; 256],
        [x, hidden]: [*const i8; 2],
        gate: usize,
        unit: usize,
    ) -> i16 {
        // SAFETY: the caller's promise.
        logistic(sigmoid, unsafe { self.sum(x, hidden, gate, unit) })
    }

    /// A state as a hidden value.
    #[inline(never)]
    fn narrow(&self, state: i16) -> i8 {
        let p = &self.params;
        let y = requantize(i32::from(state), p.output, p.rounding);
        let y = y.wrapping_add(i32::from(p.output_zero));
        y.min(i32::from(i8::MAX)).max(i32::from(i8::MIN)) as i8
    }
}

/// Computes all outputs of a layer without gates.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn rnn(arena: *mut i8, task: &Task) {
    let p = &task.params;
    // SAFETY: the regions lie in the arena, have the shapes' sizes and are aligned.
    unsafe {
        task.start(arena);
        let state: *mut i16 = arena.add(task.state).cast();
        let mut hidden = arena.add(task.values).cast_const();
        let mut x = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        for _ in 0..p.steps {
            rolled();
            for unit in 0..p.hidden {
                rolled();
                let sum = task.sum(x, hidden, 0, unit);
                let new = match p.sigmoid {
                    Some(sigmoid) => tanh(sigmoid, sum, TanhArgument::SUM),
                    None => sum.max(0),
                };
                *state.add(unit) = new;
                *output.add(unit) = task.narrow(new);
            }
            hidden = output.cast_const();
            x = x.add(p.inputs);
            output = output.add(p.hidden);
        }
    }
}

/// Computes all outputs of a layer of gated units.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn gru(arena: *mut i8, task: &Task) {
    let p = &task.params;
    let Some(sigmoid) = p.sigmoid else { return };
    let resets_values = matches!(p.cell, RecurrentCell::Gru);
    // SAFETY: the regions lie in the arena, have the shapes' sizes and are aligned.
    unsafe {
        task.start(arena);
        let state: *mut i16 = arena.add(task.state).cast();
        let mut hidden = arena.add(task.values).cast_const();
        let left = arena.add(task.values + p.hidden);
        let mut x = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        for _ in 0..p.steps {
            rolled();
            let gate = |gate, unit| task.gate(sigmoid, [x, hidden], gate, unit);
            if resets_values {
                // All of them, before the first candidate.
                for unit in 0..p.hidden {
                    rolled();
                    let kept = product(gate(RESET, unit), *state.add(unit));
                    *left.add(unit) = task.narrow(kept);
                }
            }
            for unit in 0..p.hidden {
                rolled();
                let sum = if resets_values {
                    task.sum(x, left, CANDIDATE, unit)
                } else {
                    let weighted = task.part(hidden, CANDIDATE, unit, HIDDEN);
                    let weighted = product(gate(RESET, unit), weighted);
                    let sum = task.part(x, CANDIDATE, unit, INPUTS);
                    sum.saturating_add(weighted)
                };
                let candidate = i32::from(tanh(sigmoid, sum, TanhArgument::SUM));
                let update = i32::from(gate(UPDATE, unit));
                let kept = update * i32::from(*state.add(unit));
                let mixed = ((1 << 15) - update) * candidate + kept;
                let new = saturate((mixed + (1 << 14)) >> 15);
                *state.add(unit) = new;
                *output.add(unit) = task.narrow(new);
            }
            hidden = output.cast_const();
            x = x.add(p.inputs);
            output = output.add(p.hidden);
        }
    }
}

/// Of a gate and a number, as the number.
#[inline(always)]
fn product(gate: i16, x: i16) -> i16 {
    ((i32::from(gate) * i32::from(x) + (1 << 14)) >> 15) as i16
}
