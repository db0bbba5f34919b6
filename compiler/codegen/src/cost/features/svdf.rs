//! Filters over a stream: units, filters, inputs of a filter, steps of its memory.

use ember_ir::Svdf;

use super::rescale::Rescale;
use super::{flag, numbers};

pub(super) fn counts(op: &Svdf, inputs: usize, rescale: Rescale) -> Vec<f64> {
    let filters = op.filters();
    let requantised = filters + op.units;
    numbers(&[
        &[1, op.units, filters],
        &[filters * inputs, filters * (op.memory - 1)],
        &[requantised * flag(rescale.double)],
    ])
}
