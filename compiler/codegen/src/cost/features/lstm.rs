//! Long short-term memory: steps, units, inputs and hidden values of a gate.

use super::rescale::Rescale;
use super::{flag, numbers};

pub(super) fn counts([steps, inputs]: [usize; 2], hidden: usize, rescale: Rescale) -> Vec<f64> {
    let gates = 4 * steps * hidden;
    // The first step has no hidden values before it.
    let recurrent = gates - 4 * hidden;
    // Three more per unit: two for its cell, one for its output.
    let requantised = gates + recurrent + 3 * steps * hidden;
    numbers(&[
        &[1, hidden, steps, steps * hidden],
        &[recurrent, gates * inputs, recurrent * hidden],
        &[requantised * flag(rescale.double)],
    ])
}
