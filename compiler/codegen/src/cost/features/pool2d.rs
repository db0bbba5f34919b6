//! Pooling: pixels, then channels, then taps.

use ember_ir::Window2d;

use super::numbers;
use crate::cost::window::pixels;

pub(super) fn counts(
    window: &Window2d,
    ([h, w, _], [oh, ow, channels]): ([usize; 3], [usize; 3]),
) -> Vec<f64> {
    let [kh, kw] = window.kernel;
    let places = pixels(window, [h, w], [oh, ow]);
    let inside = oh * ow - places.border;
    let rows = places.border_runs + inside * kh;
    let taps = places.border_taps + inside * kh * kw;
    numbers(&[&[
        1,
        oh,
        oh * ow,
        oh * ow * channels,
        rows * channels,
        taps * channels,
    ]])
}
