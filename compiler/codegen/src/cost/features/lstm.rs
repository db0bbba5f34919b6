//! Long short-term memory: steps, units, inputs and hidden values of a gate.

use ember_ir::Lstm;

use super::rescale::Rescale;
use super::{flag, numbers};

pub(super) fn counts(op: &Lstm, [steps, inputs]: [usize; 2], rescale: Rescale) -> Vec<f64> {
    let hidden = op.hidden;
    let gates = 4 * steps * hidden;
    // The first step has no hidden values before it, unless they are kept.
    let recurrent = gates - 4 * hidden * flag(!op.stateful);
    // Three more per unit: two for its cell, one for its output.
    let requantised = gates + recurrent + 3 * steps * hidden;
    numbers(&[
        &[1, hidden * flag(!op.stateful), hidden * flag(op.stateful)],
        &[steps, steps * hidden],
        &[recurrent, gates * inputs, recurrent * hidden],
        &[requantised * flag(rescale.double)],
    ])
}
