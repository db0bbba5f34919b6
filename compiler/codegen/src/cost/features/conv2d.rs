//! 2-D convolution: pixels in tiles, whose patches are gathered; then pairs of filters over a tile.

use ember_ir::Window2d;
use ember_runtime::packing;
use ember_runtime::scratch::{Isa, PIXELS};

use super::rescale::{Finish, Rescale};
use super::{blocks, flag, numbers};
use crate::cost::window::{Pixels, pixels};

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
    let [full, tails] = tiles(all);
    let tiles = full + tails;
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
    let finish = Finish::of(rescale, filters, packing::filters(isa));
    let blocks = blocks(isa, taps);
    // Groups of filters over full tiles, over tails, and those finished one by one; filters of the latter.
    let [fast, ends] = [full, tails].map(|tiles| tiles * finish.whole_groups);
    let (slow, rows) = (tiles * finish.other_groups, tiles * finish.others);
    let others = all * finish.others;
    // Helium sums these filter by filter, other cores in groups, whether each filter exists or not.
    let summed = match isa {
        Isa::Mve => rows,
        Isa::Thumb1 | Isa::Thumb2 | Isa::Dsp | Isa::Any => slow,
    };
    let vectors = match isa {
        Isa::Mve => vectors(&places, window, c, inside),
        Isa::Thumb1 | Isa::Thumb2 | Isa::Dsp | Isa::Any => [0; 4],
    };
    numbers(&[
        &vectors,
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
        &[ends, ends * blocks],
        &[slow, summed * blocks, rows],
        &[tiles * flag(finish.other_groups > 0)],
        // How a form of their own finishes them; those of the others come next.
        &[rescale.counts(fast)[1], rescale.counts(ends)[1]],
        &rescale.counts(others),
        &[tiles * rescale.clamped(), all * filters * rescale.clamped()],
    ])
}

/// Tiles of [`PIXELS`] pixels, and of fewer: see `ember_runtime::scratch::tile`.
fn tiles(pixels: usize) -> [usize; 2] {
    let tails = match pixels % PIXELS {
        0 => 0,
        1 => pixels.min(2),
        _ => 1,
    };
    [pixels.div_ceil(PIXELS) - tails, tails]
}

/// How often Helium's gathering copies: calls, rows and vectors of sixteen bytes of pixels that see
/// padding, and vectors of the others.
fn vectors(places: &Pixels, window: &Window2d, c: usize, inside: usize) -> [usize; 4] {
    let [kh, kw] = window.kernel;
    let dilated = window.dilation[1] > 1;
    // Copies of a row of so many taps, and their vectors.
    let copies = |taps: usize| match dilated {
        true => (taps, taps * c.div_ceil(16)),
        false => (taps.min(1), (taps * c).div_ceil(16)),
    };
    let whole = copies(kw);
    let [rows, columns] = &places.taps;
    let rows_of_taps: usize = rows.iter().sum();
    let with_rows = rows.iter().filter(|&&taps| taps > 0).count();
    let (mut calls, mut vectors) = (0, 0);
    for &taps in columns {
        let copies = copies(taps);
        (calls, vectors) = (calls + copies.0, vectors + copies.1);
    }
    [
        (calls * with_rows).saturating_sub(inside * whole.0),
        (calls * rows_of_taps).saturating_sub(inside * kh * whole.0),
        (vectors * rows_of_taps).saturating_sub(inside * kh * whole.1),
        inside * kh * whole.1,
    ]
}

#[cfg(test)]
mod tests {
    use ember_runtime::scratch::tile;

    use super::*;

    #[test]
    fn tiles_are_those_of_the_kernel() {
        for pixels in 1..40 {
            let (mut left, mut counts) = (pixels, [0, 0]);
            while left > 0 {
                counts[usize::from(tile(left) < PIXELS)] += 1;
                left -= tile(left);
            }
            assert_eq!(tiles(pixels), counts, "{pixels} pixels");
        }
    }
}
