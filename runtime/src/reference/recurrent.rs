//! Recurrent layers and gated recurrent units: sums and states in int16, hidden values in int8.

use super::clamp;
use super::lstm::{dot, saturate};
use crate::lstm_math::{TanhArgument, logistic, tanh};
use crate::params::{RecurrentCell, RecurrentParams};
use crate::requant::{Scale, requantize};

/// Reads steps·inputs elements, writes steps·hidden. `state` has `hidden` elements, `values` twice as many.
pub fn recurrent_s8(
    params: &RecurrentParams,
    input: &[i8],
    state: &mut [i16],
    values: &mut [i8],
    output: &mut [i8],
) {
    let p = params;
    let (state, values) = (&mut state[..p.hidden], &mut values[..2 * p.hidden]);
    let (hidden, left) = values.split_at_mut(p.hidden);
    if !p.stateful {
        state.fill(0);
    }
    let steps = input
        .chunks_exact(p.inputs)
        .zip(output.chunks_exact_mut(p.hidden));
    for (x, output) in steps.take(p.steps) {
        for (hidden, &state) in hidden.iter_mut().zip(&*state) {
            *hidden = narrow(p, state);
        }
        match p.cell {
            RecurrentCell::RnnTanh | RecurrentCell::RnnRelu => {
                for (unit, state) in state.iter_mut().enumerate() {
                    let sum = sum(p, x, hidden, 0, unit);
                    *state = match p.sigmoid {
                        Some(sigmoid) => tanh(sigmoid, sum, TanhArgument::SUM),
                        None => sum.max(0),
                    };
                }
            }
            RecurrentCell::Gru | RecurrentCell::GruResetAfter => gru(p, x, hidden, left, state),
        }
        for (output, &state) in output.iter_mut().zip(&*state) {
            *output = narrow(p, state);
        }
    }
}

fn gru(p: &RecurrentParams, x: &[i8], hidden: &[i8], left: &mut [i8], state: &mut [i16]) {
    let Some(sigmoid) = p.sigmoid else {
        panic!("BUG: a gated recurrent unit without its logistic function")
    };
    for (unit, left) in left.iter_mut().enumerate() {
        let reset = logistic(sigmoid, sum(p, x, hidden, 1, unit));
        *left = narrow(p, product(reset, state[unit]));
    }
    for (unit, state) in state.iter_mut().enumerate() {
        let update = i32::from(logistic(sigmoid, sum(p, x, hidden, 0, unit)));
        let sum = match p.cell {
            RecurrentCell::GruResetAfter => {
                let reset = logistic(sigmoid, sum(p, x, hidden, 1, unit));
                let weighted = product(reset, part(p, hidden, 2, unit, 1));
                part(p, x, 2, unit, 0).saturating_add(weighted)
            }
            RecurrentCell::Gru | RecurrentCell::RnnTanh | RecurrentCell::RnnRelu => {
                sum(p, x, left, 2, unit)
            }
        };
        let candidate = i32::from(tanh(sigmoid, sum, TanhArgument::SUM));
        let mixed = ((1 << 15) - update) * candidate + update * i32::from(*state);
        *state = saturate((mixed + (1 << 14)) >> 15);
    }
}

/// The sum before the function of a gate of a unit.
fn sum(p: &RecurrentParams, x: &[i8], hidden: &[i8], gate: usize, unit: usize) -> i16 {
    part(p, x, gate, unit, 0).saturating_add(part(p, hidden, gate, unit, 1))
}

/// The part of a gate's sum that inputs (0) or hidden values (1) make.
fn part(p: &RecurrentParams, values: &[i8], gate: usize, unit: usize, part: usize) -> i16 {
    let row = gate * p.hidden + unit;
    let weights = &p.weights[row * (p.inputs + p.hidden)..][..p.inputs + p.hidden];
    let (of_inputs, of_hidden) = weights.split_at(p.inputs);
    let weights = [of_inputs, of_hidden][part];
    let at = 2 * row + part;
    let scale = Scale {
        mantissa: p.mantissas[at],
        exponent: p.exponents[at],
    };
    let sum = dot(weights, values).wrapping_add(p.bias[at]);
    saturate(requantize(sum, scale, p.rounding))
}

/// Of two numbers of which one is Q0.15, as the other.
fn product(gate: i16, x: i16) -> i16 {
    // No gate is above 2¹⁵ − 1.
    ((i32::from(gate) * i32::from(x) + (1 << 14)) >> 15) as i16
}

/// A state as a hidden value.
fn narrow(p: &RecurrentParams, state: i16) -> i8 {
    let y = requantize(i32::from(state), p.output, p.rounding);
    let y = y.wrapping_add(i32::from(p.output_zero));
    clamp(y, [i8::MIN, i8::MAX])
}
