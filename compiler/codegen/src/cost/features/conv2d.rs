//! 2-D convolution: pixels in tiles, whose patches are gathered; then pairs of filters over a tile.

use ember_ir::Window2d;
use ember_runtime::packing;
use ember_runtime::scratch::{Isa, PIXELS};

use super::rescale::{Finish, Rescale};
use super::{flag, numbers};
use crate::cost::window::pixels;

pub(super) fn counts(
    window: &Window2d,
    ([h, w, c], [oh, ow, filters]): ([usize; 3], [usize; 3]),
    isa: Isa,
    rescale: Rescale,
) -> Vec<f64> {
    let [kh, kw] = window.kernel;
    let pointwise = window.kernel == [1, 1] && window.stride == [1, 1] && [h, w] == [oh, ow];
    let places = pixels(window, [h, w], [oh, ow]);
    let all = oh * ow;
    let tiles = all.div_ceil(PIXELS);
    let taps = kh * kw * c;
    let whole = c.is_multiple_of(4);
    // Inside the image rows of taps are copied in runs, at its border tap by tap.
    let (runs, run) = match window.dilation[1] {
        1 => (1, kw * c),
        _ => (kw, c),
    };
    let (inside, border) = (all - places.border, places.border);
    let inside_runs = inside * kh * runs;
    let padded = border * kh * kw - places.border_taps;
    let copy = |calls: usize, len: usize| {
        let words = len / 4;
        [
            calls * words,
            calls * words.div_ceil(2),
            calls * (len % 4),
            calls * flag(!len.is_multiple_of(4)),
        ]
    };
    let finish = Finish::of(rescale, filters, packing::FILTERS);
    let blocks = match isa {
        Isa::Mve => taps.div_ceil(16),
        Isa::Thumb1 | Isa::Thumb2 | Isa::Dsp | Isa::Any => taps.div_ceil(4),
    };
    let (fast, slow) = (tiles * finish.whole_groups, tiles * finish.other_groups);
    let others = tiles * PIXELS * finish.others;
    numbers(&[
        &[1, tiles, all * flag(pointwise), all * flag(!pointwise)],
        &[all * flag(!whole), all * flag(!whole) * taps.div_ceil(4)],
        &[all * flag(!whole) * taps.div_ceil(8), border],
        &[
            inside * kh * flag(!pointwise),
            inside_runs * flag(!pointwise),
        ],
        &copy(inside_runs, run),
        &copy(places.border_taps, c),
        &[places.border_taps, padded, padded * c],
        &[
            fast,
            fast * blocks,
            fast * blocks.div_ceil(2),
            fast * blocks.div_ceil(4),
        ],
        &[slow, slow * blocks, tiles * flag(finish.other_groups > 0)],
        &rescale.counts(fast)[1..],
        &rescale.counts(others),
        &[tiles * rescale.clamped(), all * filters * rescale.clamped()],
    ])
}
