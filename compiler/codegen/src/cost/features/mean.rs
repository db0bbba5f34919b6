//! Mean: channels, then pixels.

use super::rescale::Rescale;
use super::{class, flag, numbers};

pub(super) fn counts([h, w, channels]: [usize; 3], rescale: Rescale) -> [Vec<f64>; 2] {
    let pixels = h * w;
    let [outputs, _, clamped, double] = rescale.counts(channels);
    let rest = (2..=8)
        .rev()
        .find(|&factor| pixels.is_multiple_of(factor))
        .unwrap_or(1);
    let code = numbers(&[
        &[1, flag(channels > 1)],
        &class(true, pixels, [1, 4, 9, 16, 25]),
        &[flag(pixels <= 32) * pixels, flag(pixels > 32) * rest],
        &rescale.counts(1)[2..],
    ]);
    [
        code,
        numbers(&[&[1, outputs, clamped, double, channels * pixels]]),
    ]
}
