//! Pooling: pixels, then channels, then taps.

use ember_ir::Window2d;

use super::{flag, numbers};
use crate::cost::window::pixels;

pub(super) fn counts(
    window: &Window2d,
    ([h, w, _], [oh, ow, channels]): ([usize; 3], [usize; 3]),
) -> [Vec<f64>; 2] {
    let [kh, kw] = window.kernel;
    let pixels = pixels(window, [h, w], [oh, ow]);
    let bordered = pixels.border > 0;
    let [all, rows, taps] = if bordered {
        let interior = pixels.interior_rows * pixels.interior_columns;
        [
            oh * ow,
            pixels.border_runs + interior * kh,
            pixels.border_taps + interior * kh * kw,
        ]
    } else {
        [oh * ow, oh * ow * kh, oh * ow * kh * kw]
    };
    let (plain, bordered) = (flag(!bordered), flag(bordered));
    let code = numbers([
        1,
        bordered,
        plain * (kh * kw).min(16),
        flag(channels > 1),
        flag(oh > 1),
        flag(ow > 1),
        plain * flag(kh > 1),
    ]);
    let mut instructions = numbers([1, oh]);
    for part in [plain, bordered] {
        instructions.extend(numbers(
            [all, all * channels, rows * channels, taps * channels].map(|count| part * count),
        ));
    }
    [code, instructions]
}
