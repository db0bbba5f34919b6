//! 2-D convolution: groups of filters, then pixels; runs of contiguous taps inside.

use ember_ir::Window2d;

use super::rescale::Rescale;
use super::{Blocking, class, factor, flag, numbers};
use crate::cost::window::{Pixels, pixels};

pub(super) fn counts(
    window: &Window2d,
    ([h, w, c], [oh, ow, filters]): ([usize; 3], [usize; 3]),
    blocking: &Blocking,
    rescale: Rescale,
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
    let row_tiles = pixels.interior_columns.div_ceil(blocking.pixels);
    let tiles = groups * pixels.interior_rows * row_tiles;
    let (interior, border) = (tiles > 0, pixels.border > 0);
    // Copies of the code that requantises and stores.
    let stores = blocking.filters * (flag(interior) * blocking.pixels + flag(border));
    let sum = blocking.isa.patch(run, runs);
    let inside = flag(interior);
    let code = numbers(&[
        &[1, inside, flag(border), flag(interior && border)],
        &[inside * sum.words, inside * sum.bytes, inside * sum.loops],
        &[
            flag(interior && runs > 1),
            flag(interior && !contiguous),
            flag(border && !contiguous),
        ],
        &class(true, groups, [1, 2, 3, 4]),
        &class(interior, row_tiles, [1, 2, 4, 8]),
        &class(true, pixels.rows, [1, 2, 4]),
        &class(border, ow, [4, 8]),
        &[
            flag(border && oh > 1),
            flag(border && kw > 1),
            flag(border && taps <= 16),
        ],
        &[flag(!filters.is_multiple_of(blocking.filters))],
        &[flag(
            interior && !pixels.interior_columns.is_multiple_of(blocking.pixels),
        )],
        &pixels.edge_counts(),
        &[
            factor(c),
            flag(border) * factor(c),
            flag(border) * factor(taps),
            factor(filters),
        ],
        &rescale.counts(stores)[..],
        &rescale.counts(1)[1..],
    ]);
    let edges = groups * pixels.border;
    let instructions = numbers(&[
        &[1, groups, groups * pixels.rows, tiles],
        &[
            tiles * runs,
            tiles * runs * (run / 4),
            tiles * runs * (run % 4),
        ],
        &[
            edges,
            groups * pixels.border_runs,
            groups * pixels.border_taps * c,
        ],
        &[groups * flag(border) * taps],
        &rescale.counts((tiles * blocking.pixels + edges) * blocking.filters)[2..],
        &rescale.counts(groups)[1..2],
    ]);
    [code, instructions]
}
