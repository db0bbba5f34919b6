//! Element-wise addition: one loop.

use super::numbers;
use super::rescale::Rescale;

pub(super) fn counts(elements: usize, rescale: Rescale) -> Vec<f64> {
    let clamped = rescale.clamped();
    numbers(&[
        &[1],
        &rescale.counts(elements),
        &[clamped, elements * clamped],
    ])
}
