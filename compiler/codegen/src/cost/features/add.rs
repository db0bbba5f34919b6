//! Element-wise addition: one loop.

use super::numbers;
use super::rescale::Rescale;

pub(super) fn counts(elements: usize, rescale: Rescale) -> [Vec<f64>; 2] {
    let [all, _, clamped, double] = rescale.counts(elements);
    let code = rescale.counts(1);
    [
        numbers(&[&[1], &code[2..]]),
        numbers(&[&[1, all, clamped, double]]),
    ]
}
