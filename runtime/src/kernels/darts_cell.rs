//! The recurrent cell that DARTS searches, step by step, gated step by gated step and unit by unit.

use super::lstm::{dot, saturate};
use super::{beside, frozen, kept, rolled, unary};
use crate::arena::Memory;
use crate::layer::DartsCell;
use crate::lstm_math::{TanhArgument, logistic, tanh};
use crate::params::{CellFunction, DartsCellParams};
use crate::requant::{Scale, requantize};

/// Runs the layer `L` on the arena; what it keeps goes on by its steps.
#[inline(always)]
pub fn darts_cell_s8<L: DartsCell>(arena: &mut impl Memory) {
    const { check::<L>() };
    let base = scratched::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: regions, shapes and constants were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// The arena; scratch and what is kept lie in it, apart from each other, input and output.
#[inline(always)]
fn scratched<L: DartsCell, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        beside::<L, M>(L::SCRATCH, L::STATE);
    }
    unary::<L, M>(arena)
}

const fn check<L: DartsCell>() {
    let p = L::PARAMS;
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
        p.weights.len() == p.rows() * p.row_len(),
        "weights and shape differ"
    );
    let parts = p.rows() * (p.stages() + 1);
    assert!(
        p.bias.len() == p.rows() * p.stages(),
        "one bias per gated step and row"
    );
    assert!(
        p.mantissas.len() == parts && p.exponents.len() == parts,
        "one factor per row and part"
    );
}

/// A layer as its function reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    hidden: usize,
    /// States of the gated steps.
    states: usize,
    /// Of a node in the mean: small cores cannot divide.
    share: i32,
    params: DartsCellParams<'static>,
}

impl Task {
    const fn new<L: DartsCell>() -> Self {
        let (scratch, params) = (L::SCRATCH.offset, L::PARAMS);
        let (hidden, states) = match L::STATE {
            Some(state) => (state.offset, scratch),
            None => (scratch, scratch + 2 * params.hidden),
        };
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            hidden,
            states,
            share: params.nodes.share(),
            params,
        }
    }

    /// A sum as Q3.12.
    ///
    /// # Safety
    /// There is such a row and part.
    #[inline(always)]
    unsafe fn finish(&self, sum: i32, row: usize, part: usize) -> i16 {
        let p = &self.params;
        let at = row * (p.stages() + 1) + part;
        // SAFETY: there is a factor per row and part.
        let scale = unsafe {
            Scale {
                mantissa: *p.mantissas.as_ptr().add(at),
                exponent: *p.exponents.as_ptr().add(at),
            }
        };
        saturate(requantize(sum, scale, p.rounding))
    }

    /// The part of a row's sum that inputs make.
    ///
    /// # Safety
    /// There are a step's inputs at `x`, and there is such a row.
    #[inline(never)]
    unsafe fn of_inputs(&self, x: *const i8, row: usize) -> i16 {
        let p = &self.params;
        // SAFETY: there are as many weights and biases as rows have.
        unsafe {
            let sum = dot(p.weights.as_ptr().add(row * p.row_len()), x, p.inputs);
            self.finish(sum.wrapping_add(*p.bias.as_ptr().add(row)), row, 0)
        }
    }

    /// The part of a row's sum that the states read by a gated step make.
    ///
    /// # Safety
    /// There is a state per unit, such a row and such a gated step.
    #[inline(never)]
    unsafe fn of_states(&self, states: *const i16, row: usize, stage: usize) -> i16 {
        let p = &self.params;
        // SAFETY: there are as many weights and biases as rows and gated steps have.
        unsafe {
            let start = row * p.row_len() + p.inputs + stage * p.hidden;
            let mut sum = wide_dot(p.weights.as_ptr().add(start), states, p.hidden);
            // The bias of the first step is with its inputs.
            if stage > 0 {
                sum = sum.wrapping_add(*p.bias.as_ptr().add(stage * p.rows() + row));
            }
            self.finish(sum, row, stage + 1)
        }
    }

    /// The sum of a row.
    ///
    /// # Safety
    /// As [`Self::of_inputs`] and [`Self::of_states`].
    #[inline(never)]
    unsafe fn sum(&self, x: *const i8, states: *const i16, row: usize, stage: usize) -> i16 {
        // SAFETY: the caller's promise.
        unsafe {
            let sum = self.of_states(states, row, stage);
            match stage {
                0 => sum.saturating_add(self.of_inputs(x, row)),
                _ => sum,
            }
        }
    }

    /// The value of a function of a sum.
    #[inline(never)]
    fn value(&self, function: CellFunction, sum: i16) -> i16 {
        let sigmoid = self.params.sigmoid;
        // From Q3.12 to Q0.15.
        let wide = saturate(i32::from(sum) << 3);
        match function {
            CellFunction::Tanh => tanh(sigmoid, sum, TanhArgument::SUM),
            CellFunction::Relu => wide.max(0),
            CellFunction::Sigmoid => logistic(sigmoid, sum),
            CellFunction::Identity => wide,
        }
    }
}

/// Computes all outputs of a layer.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let p = &task.params;
    let units = p.hidden;
    // SAFETY: the regions lie in the arena, have the shapes' sizes and are aligned; nodes read earlier states.
    unsafe {
        let hidden: *mut i16 = arena.add(task.hidden).cast();
        let states: *mut i16 = arena.add(task.states).cast();
        if !p.stateful {
            for unit in 0..units {
                rolled();
                *hidden.add(unit) = 0;
            }
        }
        let mut x = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        for _ in 0..p.steps {
            rolled();
            for stage in 0..p.stages() {
                rolled();
                let (from, function) = p.nodes.step(stage);
                let read = match from {
                    0 => hidden.cast_const(),
                    _ => states.add((from - 1) * units).cast_const(),
                };
                let now = states.add(stage * units);
                for unit in 0..units {
                    rolled();
                    let gate = i32::from(logistic(p.sigmoid, task.sum(x, read, unit, stage)));
                    let sum = task.sum(x, read, units + unit, stage);
                    let value = i32::from(task.value(function, sum));
                    let before = i32::from(*read.add(unit));
                    *now.add(unit) = rounded(((1 << 15) - gate) * before + gate * value);
                }
            }
            for unit in 0..units {
                rolled();
                let mut sum = 0i32;
                for stage in 1..p.stages() {
                    rolled();
                    sum = sum.wrapping_add(i32::from(*states.add(stage * units + unit)));
                }
                let new = rounded(sum.wrapping_mul(task.share));
                *hidden.add(unit) = new;
                let y = requantize(i32::from(new), p.output, p.rounding);
                let y = y.wrapping_add(i32::from(p.output_zero));
                *output.add(unit) = y.min(i32::from(i8::MAX)).max(i32::from(i8::MIN)) as i8;
            }
            x = x.add(p.inputs);
            output = output.add(units);
        }
    }
}

/// Σ w·s.
///
/// # Safety
/// There are `len` elements at both pointers.
#[inline(always)]
unsafe fn wide_dot(weights: *const i8, states: *const i16, len: usize) -> i32 {
    let mut sum = 0i32;
    for i in 0..len {
        rolled();
        // SAFETY: the caller's promise.
        let (w, s) = unsafe { (*weights.add(i), *states.add(i)) };
        sum = sum.wrapping_add(i32::from(w) * i32::from(s));
    }
    sum
}

/// From Q0.30 to Q0.15, half up.
#[inline(always)]
fn rounded(x: i32) -> i16 {
    saturate(x.wrapping_add(1 << 14) >> 15)
}
