//! Mean: channels, then pixels.

use super::numbers;
use super::rescale::Rescale;

pub(super) fn counts([h, w, channels]: [usize; 3], rescale: Rescale) -> Vec<f64> {
    numbers(&[
        &[1],
        &rescale.counts(channels),
        &[channels * rescale.clamped(), channels * h * w],
    ])
}
