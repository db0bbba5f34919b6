//! A long short-term memory, as TensorFlow Lite Micro computes it: hidden values in int8, cells and
//! gates in int16. Both start at zero, or where the call before left them.

use super::clamp;
use crate::lstm_math::{TanhArgument, logistic, tanh};
use crate::params::LstmParams;
use crate::requant::requantize;

/// Reads steps·inputs elements, writes steps·hidden. `state` has 2·hidden elements, `values` has `hidden`.
pub fn lstm_s8(
    params: &LstmParams,
    input: &[i8],
    state: &mut [i16],
    values: &mut [i8],
    output: &mut [i8],
) {
    let p = params;
    let cell_argument = TanhArgument::of(p.cell_bits);
    let [low, high] = p.clamp;
    let zero = i16::from(p.output_zero);
    let state = &mut state[..2 * p.hidden];
    if !p.stateful {
        state.fill(0);
    }
    let (cells, kept) = state.split_at_mut(p.hidden);
    let values = &mut values[..p.hidden];
    for (value, &kept) in values.iter_mut().zip(&*kept) {
        *value = kept.wrapping_add(zero) as i8;
    }
    for step in 0..p.steps {
        let x = &input[step * p.inputs..][..p.inputs];
        let (before, now) = output.split_at_mut(step * p.hidden);
        // Zeros before the first step add nothing.
        let hidden = match step {
            0 => p.stateful.then_some(&*values),
            _ => Some(&before[(step - 1) * p.hidden..]),
        };
        for unit in 0..p.hidden {
            let gate = |gate: usize| {
                let row = gate * p.hidden + unit;
                let weights = &p.weights[row * (p.inputs + p.hidden)..];
                let from = dot(&weights[..p.inputs], x).wrapping_add(p.bias[row]);
                let [scale, recurrent_scale] = p.scales[gate];
                let sum = saturate(requantize(from, scale, p.rounding));
                let Some(hidden) = hidden else { return sum };
                let from = dot(&weights[p.inputs..][..p.hidden], hidden);
                let from = from.wrapping_add(p.recurrent_bias[row]);
                let recurrent = saturate(requantize(from, recurrent_scale, p.rounding));
                sum.saturating_add(recurrent)
            };
            let [input_gate, forget_gate, candidate, output_gate] = [0, 1, 2, 3].map(gate);
            let forget = i32::from(logistic(p.sigmoid, forget_gate));
            let kept = saturate(requantize(
                forget * i32::from(cells[unit]),
                p.kept,
                p.rounding,
            ));
            let new = i32::from(logistic(p.sigmoid, input_gate))
                * i32::from(tanh(p.sigmoid, candidate, TanhArgument::SUM));
            let new = saturate(requantize(new, p.new, p.rounding));
            let cell = kept.saturating_add(new).max(low).min(high);
            cells[unit] = cell;
            let y = i32::from(tanh(p.sigmoid, cell, cell_argument))
                * i32::from(logistic(p.sigmoid, output_gate));
            let y = requantize(y, p.output, p.rounding);
            now[unit] = clamp(y.wrapping_add(i32::from(p.output_zero)), [i8::MIN, i8::MAX]);
        }
    }
    let last = &output[(p.steps - 1) * p.hidden..];
    for (kept, &value) in kept.iter_mut().zip(last) {
        *kept = i16::from(value) - zero;
    }
}

pub(super) fn dot(weights: &[i8], x: &[i8]) -> i32 {
    let products = weights.iter().zip(x);
    products.fold(0i32, |sum, (&w, &x)| {
        sum.wrapping_add(i32::from(w) * i32::from(x))
    })
}

pub(super) fn saturate(x: i32) -> i16 {
    x.min(i32::from(i16::MAX)).max(i32::from(i16::MIN)) as i16
}
