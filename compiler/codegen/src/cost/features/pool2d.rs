//! Pooling: pixels, then channels, then taps.

use ember_ir::Window2d;

use super::{class, factor, flag, numbers};
use crate::cost::window::pixels;

pub(super) fn counts(
    window: &Window2d,
    ([h, w, _], [oh, ow, channels]): ([usize; 3], [usize; 3]),
) -> [Vec<f64>; 2] {
    let [kh, kw] = window.kernel;
    let pixels = pixels(window, [h, w], [oh, ow]);
    let bordered = pixels.border > 0;
    let interior = pixels.interior_rows * pixels.interior_columns;
    let all = oh * ow;
    let [rows, taps] = match bordered {
        true => [
            pixels.border_runs + interior * kh,
            pixels.border_taps + interior * kh * kw,
        ],
        false => [all * kh, all * kh * kw],
    };
    let (plain, bordered) = (flag(!bordered), flag(bordered));
    let code = numbers(&[
        &[1, bordered, flag(channels > 1)],
        &class(plain == 1, kh * kw, [2, 3, 4, 9]),
        &class(bordered == 1, kh * kw, [2, 3, 4, 9]),
        &pixels.edge_counts(),
        &[factor(channels), factor(w)],
        &class(true, oh, [1, 2, 4]),
        &class(true, ow, [1, 2, 4]),
        &[
            plain * flag(channels % 4 == 0),
            plain * flag(channels % 2 == 1),
        ],
    ]);
    let mut instructions = numbers(&[&[1, oh]]);
    for part in [plain, bordered] {
        let counts = [all, all * channels, rows * channels, taps * channels];
        instructions.extend(numbers(&[&counts.map(|count| part * count)]));
        instructions.extend(numbers(&[&[part * flag(kh * kw <= 4) * taps * channels]]));
    }
    [code, instructions]
}
