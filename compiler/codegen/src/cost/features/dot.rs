//! Dot products: outputs, then taps.

use super::numbers;
use super::rescale::Rescale;

pub(super) fn counts([taps, outputs]: [usize; 2], rescale: Rescale) -> Vec<f64> {
    let packed = usize::from(rescale.form.is_one_by_one());
    numbers(&[
        &[1, outputs * (1 - packed), outputs * taps],
        &rescale.counts(outputs * (1 - packed))[1..],
        &rescale.counts(outputs * packed),
        &[rescale.clamped(), outputs * rescale.clamped()],
    ])
}
