//! Mean: channels, then pixels.

use super::{flag, numbers};

pub(super) fn counts([h, w, channels]: [usize; 3]) -> [Vec<f64>; 2] {
    let pixels = h * w;
    [
        numbers([1, flag(channels > 1), flag(pixels > 1), pixels.min(16)]),
        numbers([1, channels, channels * pixels]),
    ]
}
