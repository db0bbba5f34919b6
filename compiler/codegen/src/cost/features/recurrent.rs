//! Recurrent layers: steps, units, what their cells do, sums of inputs and hidden values.

use ember_ir::{Cell, Recurrent};

use super::rescale::Rescale;
use super::{Kernel, flag, numbers};

pub(super) fn counts(
    op: &Recurrent,
    [steps, inputs]: [usize; 2],
    rescale: Rescale,
) -> (Kernel, Vec<f64>) {
    let (units, gates) = (steps * op.hidden, op.cell.gates());
    let (kernel, special, narrowed) = match op.cell {
        Cell::RnnTanh => (Kernel::Rnn, false, units),
        Cell::RnnRelu => (Kernel::Rnn, true, units),
        // Hidden values that were reset are narrowed, too.
        Cell::Gru => (Kernel::Gru, false, 2 * units),
        Cell::GruResetAfter => (Kernel::Gru, true, units),
    };
    // Also the hidden values before the first step.
    let requantised = 2 * gates * units + narrowed + op.hidden;
    let counts = numbers(&[
        &[1, op.hidden, steps, units, units * flag(special)],
        &[gates * units * inputs, gates * units * op.hidden],
        &[requantised * flag(rescale.double)],
    ]);
    (kernel, counts)
}
