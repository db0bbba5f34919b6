//! Element-wise functions of two tensors: four loops, one in another.

use ember_runtime::params::BinaryAxis;

use super::numbers;
use super::rescale::Rescale;

pub(super) fn counts(axes: &[BinaryAxis], rescale: Rescale) -> Vec<f64> {
    // Axes are aligned at the innermost loop.
    let mut entered = [1; 4];
    let first = 4 - axes.len().min(4);
    for (k, axis) in axes.iter().take(4).enumerate() {
        entered[first + k] = axis.count;
    }
    for k in 1..4 {
        entered[k] *= entered[k - 1];
    }
    let [a, b, c, elements] = entered;
    let clamped = rescale.clamped();
    numbers(&[
        &[1, a, b, c],
        &rescale.counts(elements),
        &[clamped, elements * clamped],
    ])
}
