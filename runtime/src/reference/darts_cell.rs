//! The recurrent cell that DARTS searches: states and sums in int16, weights, inputs and outputs in int8.

use super::clamp;
use super::lstm::{dot, saturate};
use crate::lstm_math::{TanhArgument, logistic, tanh};
use crate::params::{CellFunction, DartsCellParams};
use crate::requant::{Scale, requantize};

/// Reads steps·inputs elements, writes steps·hidden. `hidden` has as many elements as there are units, `states` as
/// many per gated step.
pub fn darts_cell_s8(
    params: &DartsCellParams,
    input: &[i8],
    hidden: &mut [i16],
    states: &mut [i16],
    output: &mut [i8],
) {
    let p = params;
    let units = p.hidden;
    let (hidden, states) = (&mut hidden[..units], &mut states[..p.stages() * units]);
    if !p.stateful {
        hidden.fill(0);
    }
    let steps = input
        .chunks_exact(p.inputs)
        .zip(output.chunks_exact_mut(units));
    for (x, output) in steps.take(p.steps) {
        for unit in 0..units {
            let sum = |row| of_inputs(p, x, row).saturating_add(of_states(p, hidden, row, 0));
            let sums = [unit, units + unit].map(sum);
            states[unit] = gated(p, CellFunction::Tanh, sums, hidden[unit]);
        }
        for (number, node) in p.nodes.as_slice().iter().enumerate() {
            let stage = number + 1;
            let (earlier, now) = states.split_at_mut(stage * units);
            let read = &earlier[usize::from(node.from) * units..][..units];
            for unit in 0..units {
                let sums = [unit, units + unit].map(|row| of_states(p, read, row, stage));
                now[unit] = gated(p, node.function, sums, read[unit]);
            }
        }
        for unit in 0..units {
            let of_nodes = states[units..].iter().skip(unit).step_by(units);
            let sum: i32 = of_nodes.map(|&state| i32::from(state)).sum();
            hidden[unit] = rounded(sum * p.nodes.share());
            let y = requantize(i32::from(hidden[unit]), p.output, p.rounding);
            let y = y.wrapping_add(i32::from(p.output_zero));
            output[unit] = clamp(y, [i8::MIN, i8::MAX]);
        }
    }
}

/// The part of a row's sum that inputs make.
fn of_inputs(p: &DartsCellParams, x: &[i8], row: usize) -> i16 {
    let weights = &p.weights[row * p.row_len()..][..p.inputs];
    let sum = dot(weights, x).wrapping_add(p.bias[row]);
    saturate(requantize(sum, scale(p, row, 0), p.rounding))
}

/// The part of a row's sum that the states read by a gated step make.
fn of_states(p: &DartsCellParams, states: &[i16], row: usize, stage: usize) -> i16 {
    let start = row * p.row_len() + p.inputs + stage * p.hidden;
    let weights = &p.weights[start..][..p.hidden];
    let products = weights.iter().zip(states);
    let sum = products.fold(0i32, |sum, (&w, &s)| {
        sum.wrapping_add(i32::from(w) * i32::from(s))
    });
    // The bias of the first step is with its inputs.
    let bias = match stage {
        0 => 0,
        _ => p.bias[stage * p.rows() + row],
    };
    let sum = sum.wrapping_add(bias);
    saturate(requantize(sum, scale(p, row, stage + 1), p.rounding))
}

fn scale(p: &DartsCellParams, row: usize, part: usize) -> Scale {
    let at = row * (p.stages() + 1) + part;
    Scale {
        mantissa: p.mantissas[at],
        exponent: p.exponents[at],
    }
}

/// A state on its way to a value, as far as the gate lets it.
fn gated(p: &DartsCellParams, function: CellFunction, [gate, sum]: [i16; 2], state: i16) -> i16 {
    let gate = i32::from(logistic(p.sigmoid, gate));
    // From Q3.12 to Q0.15.
    let wide = saturate(i32::from(sum) << 3);
    let value = match function {
        CellFunction::Tanh => tanh(p.sigmoid, sum, TanhArgument::SUM),
        CellFunction::Relu => wide.max(0),
        CellFunction::Sigmoid => logistic(p.sigmoid, sum),
        CellFunction::Identity => wide,
    };
    rounded(((1 << 15) - gate) * i32::from(state) + gate * i32::from(value))
}

/// From Q0.30 to Q0.15, half up.
fn rounded(x: i32) -> i16 {
    saturate((x + (1 << 14)) >> 15)
}
