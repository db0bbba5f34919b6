//! Pooling: rows, whose taps are counted; pixels, whose taps are counted as well; channels; taps.

use ember_ir::Window2d;

use super::numbers;
use crate::cost::window::pixels;

pub(super) fn counts(
    window: &Window2d,
    ([h, w, _], [oh, ow, channels]): ([usize; 3], [usize; 3]),
) -> Vec<f64> {
    let places = pixels(window, [h, w], [oh, ow]);
    let [rows, columns] = places
        .taps
        .each_ref()
        .map(|taps| taps.iter().sum::<usize>());
    let [above, left] = places.before;
    numbers(&[
        &[1, oh, above, rows],
        &[oh * ow, oh * left, oh * columns],
        &[
            oh * ow * channels,
            rows * ow * channels,
            rows * columns * channels,
        ],
    ])
}
