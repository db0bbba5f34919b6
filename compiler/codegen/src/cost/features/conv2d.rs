//! 2-D convolution: groups of filters, then pixels; runs of contiguous taps inside.

use ember_ir::Window2d;

use super::{Blocking, flag, numbers};
use crate::cost::window::{Pixels, pixels};

pub(super) fn counts(
    window: &Window2d,
    ([h, w, c], [oh, ow, filters]): ([usize; 3], [usize; 3]),
    blocking: &Blocking,
) -> [Vec<f64>; 2] {
    let [kh, kw] = window.kernel;
    let pointwise = window.kernel == [1, 1] && window.stride == [1, 1] && [h, w] == [oh, ow];
    let mut pixels = pixels(window, [h, w], [oh, ow]);
    if pointwise {
        // The kernel sees the image as one row.
        pixels = Pixels {
            rows: 1,
            interior_rows: 1,
            interior_columns: h * w,
            ..pixels
        };
    }
    let taps = kh * kw * c;
    let contiguous = kw == 1 || window.dilation[1] == 1;
    let runs = match (contiguous, kh) {
        (true, 1) => 1,
        (true, _) if kw == w && window.dilation[0] == 1 => 1,
        (true, _) => kh,
        (false, _) => kh * kw,
    };
    let run = taps / runs;
    let groups = filters.div_ceil(blocking.filters);
    let tiles = groups * pixels.interior_rows * pixels.interior_columns.div_ceil(blocking.pixels);
    let has_border = pixels.border > 0;
    let has_interior = tiles > 0;
    let border = groups * pixels.border;
    let code = numbers([
        1,
        flag(has_interior),
        flag(has_border),
        flag(has_interior && runs > 1),
        flag(has_interior && run % 4 != 0),
        flag(has_interior) * (run % 4),
        flag(has_interior && run >= 4),
        flag(groups > 1),
        flag(pixels.rows > 1),
        flag(!filters.is_multiple_of(blocking.filters)),
        flag(has_interior) * run.min(16),
        flag(has_interior) * runs.min(8),
        flag(!contiguous),
        flag(has_interior && !pixels.interior_columns.is_multiple_of(blocking.pixels)),
    ]);
    let instructions = numbers([
        1,
        groups,
        groups * pixels.rows,
        tiles,
        tiles * runs,
        tiles * runs * (run / 4),
        tiles * runs * (run % 4),
        border,
        groups * pixels.border_runs,
        groups * pixels.border_taps * c,
        groups * flag(has_border) * taps,
    ]);
    [code, instructions]
}
