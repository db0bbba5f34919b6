//! DARTS' cell: steps, gated steps, their units, units by function, sums of inputs and states.

use ember_ir::{CellFunction, DartsCell};

use super::rescale::Rescale;
use super::{flag, numbers};

pub(super) fn counts(op: &DartsCell, [steps, inputs]: [usize; 2], rescale: Rescale) -> Vec<f64> {
    let hidden = steps * op.hidden;
    let units = op.stages() * hidden;
    // Values are tanh unless something else is said.
    let by = |function| {
        let nodes = op.nodes.as_slice().iter();
        nodes.filter(|node| node.function == function).count() * hidden
    };
    // Two rows per unit of a gated step, those of the inputs once more, and the outputs.
    let requantised = 2 * units + 3 * hidden;
    numbers(&[
        &[1, op.hidden * flag(!op.stateful), steps],
        &[steps * op.stages(), units, hidden],
        &[
            by(CellFunction::Relu),
            by(CellFunction::Sigmoid),
            by(CellFunction::Identity),
        ],
        &[2 * hidden * inputs, 2 * units * op.hidden],
        &[requantised * flag(rescale.double)],
    ])
}
