//! A long short-term memory, step by step and unit by unit: four gates, then the cell, then the output,
//! which is the hidden value that the next step reads. One function for every layer of a model, as in
//! [`super::conv2d`].

use super::{beside, frozen, kept, rolled, unary};
use crate::arena::Memory;
use crate::layer::Lstm;
use crate::lstm_math::{TanhArgument, logistic, tanh};
use crate::requant::{Rounding, Scale, requantize};

/// Gates of a unit: input, forget, candidate, output.
const GATES: usize = 4;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn lstm_s8<L: Lstm>(arena: &mut impl Memory) {
    const { check::<L>() };
    let base = scratched::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: regions, shapes and constants were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// The arena; scratch and what is kept lie in it, apart from input and output.
#[inline(always)]
fn scratched<L: Lstm, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        beside::<L, M>(L::SCRATCH, L::STATE);
    }
    unary::<L, M>(arena)
}

const fn check<L: Lstm>() {
    let p = L::PARAMS;
    let rows = GATES * p.hidden;
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
    kept(L::STATE, p.stateful, 4 * p.hidden);
    assert!(
        p.weights.len() == rows * (p.inputs + p.hidden),
        "weights and shape differ"
    );
    assert!(
        p.bias.len() == rows && p.recurrent_bias.len() == rows,
        "one bias per gate and unit"
    );
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    cells: usize,
    /// Hidden values before the first step of a stream.
    values: usize,
    stateful: bool,
    steps: usize,
    inputs: usize,
    hidden: usize,
    weights: &'static [i8],
    bias: &'static [i32],
    recurrent_bias: &'static [i32],
    scales: [[Scale; 2]; GATES],
    kept: Scale,
    new: Scale,
    factor: Scale,
    cell: TanhArgument,
    clamp: [i16; 2],
    output_zero: i8,
    rounding: Rounding,
    sigmoid: &'static [u16; 256],
}

impl Task {
    const fn new<L: Lstm>() -> Self {
        let p = L::PARAMS;
        let cells = match L::STATE {
            Some(state) => state.offset,
            None => L::SCRATCH.offset,
        };
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            cells,
            values: L::SCRATCH.offset,
            stateful: p.stateful,
            steps: p.steps,
            inputs: p.inputs,
            hidden: p.hidden,
            weights: p.weights,
            bias: p.bias,
            recurrent_bias: p.recurrent_bias,
            scales: p.scales,
            kept: p.kept,
            new: p.new,
            factor: p.output,
            cell: TanhArgument::of(p.cell_bits),
            clamp: p.clamp,
            output_zero: p.output_zero,
            rounding: p.rounding,
            sigmoid: p.sigmoid,
        }
    }

    /// A product of gates and cells on the scale of cells.
    #[inline(always)]
    fn on_cells(&self, product: i32, scale: Scale) -> i16 {
        saturate(requantize(product, scale, self.rounding))
    }

    /// Sum before the function of a gate of a unit.
    ///
    /// # Safety
    /// `x` is a step's inputs, `hidden` the outputs of the step before or null, `row` that of a gate.
    #[inline(never)]
    unsafe fn gate(&self, x: *const i8, hidden: *const i8, gate: usize, unit: usize) -> i16 {
        let row = gate * self.hidden + unit;
        // SAFETY: there are as many rows of weights, and of biases, as gates of units.
        unsafe {
            let weights = self.weights.as_ptr().add(row * (self.inputs + self.hidden));
            let [scale, recurrent_scale] = *self.scales.as_ptr().add(gate);
            let from = dot(weights, x, self.inputs).wrapping_add(*self.bias.as_ptr().add(row));
            let sum = self.on_cells(from, scale);
            if hidden.is_null() {
                return sum;
            }
            let from = dot(weights.add(self.inputs), hidden, self.hidden);
            let from = from.wrapping_add(*self.recurrent_bias.as_ptr().add(row));
            sum.saturating_add(self.on_cells(from, recurrent_scale))
        }
    }
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let sigmoid = task.sigmoid;
    // SAFETY: the regions lie in the arena, have the shapes' sizes and are aligned.
    unsafe {
        let cells: *mut i16 = arena.add(task.cells).cast();
        let kept = cells.add(task.hidden);
        let zero = i16::from(task.output_zero);
        let mut x = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        // Zeros before the first step add nothing.
        let mut hidden: *const i8 = core::ptr::null();
        if task.stateful {
            let values = arena.add(task.values);
            for unit in 0..task.hidden {
                rolled();
                *values.add(unit) = (*kept.add(unit)).wrapping_add(zero) as i8;
            }
            hidden = values;
        } else {
            for unit in 0..task.hidden {
                rolled();
                *cells.add(unit) = 0;
            }
        }
        for _ in 0..task.steps {
            rolled();
            for unit in 0..task.hidden {
                rolled();
                let gate = |gate| i32::from(logistic(sigmoid, task.gate(x, hidden, gate, unit)));
                let kept = gate(1) * i32::from(*cells.add(unit));
                let candidate = tanh(sigmoid, task.gate(x, hidden, 2, unit), TanhArgument::SUM);
                let new = gate(0) * i32::from(candidate);
                let kept = task.on_cells(kept, task.kept);
                let cell = kept.saturating_add(task.on_cells(new, task.new));
                let cell = cell.max(task.clamp[0]).min(task.clamp[1]);
                *cells.add(unit) = cell;
                let y = i32::from(tanh(sigmoid, cell, task.cell)) * gate(3);
                let y = requantize(y, task.factor, task.rounding);
                let y = y.wrapping_add(i32::from(task.output_zero));
                *output.add(unit) = y.min(i32::from(i8::MAX)).max(i32::from(i8::MIN)) as i8;
            }
            hidden = output.cast_const();
            x = x.add(task.inputs);
            output = output.add(task.hidden);
        }
        if task.stateful {
            for unit in 0..task.hidden {
                rolled();
                *kept.add(unit) = i16::from(*hidden.add(unit)) - zero;
            }
        }
    }
}

/// Σ w·x.
///
/// # Safety
/// There are `len` elements at both pointers.
#[inline(always)]
pub(super) unsafe fn dot(weights: *const i8, x: *const i8, len: usize) -> i32 {
    let mut sum = 0i32;
    for i in 0..len {
        rolled();
        // SAFETY: the caller's promise.
        let (w, x) = unsafe { (*weights.add(i), *x.add(i)) };
        sum = sum.wrapping_add(i32::from(w) * i32::from(x));
    }
    sum
}

#[inline(always)]
pub(super) fn saturate(x: i32) -> i16 {
    x.min(i32::from(i16::MAX)).max(i32::from(i16::MIN)) as i16
}
