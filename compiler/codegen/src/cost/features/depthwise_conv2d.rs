//! Depthwise convolution: groups of channels, then pixels, then taps.

use ember_ir::DepthwiseConv2d;

use super::{Blocking, flag, numbers};
use crate::cost::window::pixels;

pub(super) fn counts(
    op: &DepthwiseConv2d,
    ([h, w, _], [oh, ow, channels]): ([usize; 3], [usize; 3]),
    blocking: &Blocking,
) -> [Vec<f64>; 2] {
    let [kh, kw] = op.window.kernel;
    let pixels = pixels(&op.window, [h, w], [oh, ow]);
    let grouped = op.multiplier == 1 && channels >= blocking.channels;
    let groups = if grouped {
        channels.div_ceil(blocking.channels)
    } else {
        channels
    };
    let interior = pixels.interior_rows * pixels.interior_columns;
    let has_border = pixels.border > 0;
    let split = [flag(!grouped), flag(grouped)];
    let taps = kh * kw;
    let code = numbers([
        1,
        split[0],
        flag(has_border),
        flag(interior > 0),
        flag(interior > 0) * taps.min(16),
        split[0] * flag(interior > 0) * taps.min(16),
        flag(kh > 1 && interior > 0),
        flag(groups > 1),
        flag(oh > 1),
        flag(ow > 1),
        flag(op.multiplier > 1),
        flag(grouped && !channels.is_multiple_of(blocking.channels)),
    ]);
    let work = [
        groups,
        groups * oh,
        groups * interior,
        groups * interior * kh,
        groups * interior * taps,
        groups * pixels.border,
        groups * pixels.border_runs,
        groups * pixels.border_taps,
        groups * flag(has_border) * taps,
    ];
    let mut instructions = numbers([1]);
    for part in split {
        instructions.extend(numbers(work.map(|count| part * count)));
    }
    [code, instructions]
}
