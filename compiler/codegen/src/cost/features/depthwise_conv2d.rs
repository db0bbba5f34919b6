//! Depthwise convolution: groups of channels, then pixels, then taps.

use ember_ir::DepthwiseConv2d;

use super::rescale::Rescale;
use super::unroll::Isa;
use super::{Blocking, class, factor, flag, numbers};
use crate::cost::window::pixels;

/// As in `ember_runtime`.
const MOST_UNROLLED: usize = 25;

pub(super) fn counts(
    op: &DepthwiseConv2d,
    ([h, w, c], [oh, ow, channels]): ([usize; 3], [usize; 3]),
    blocking: &Blocking,
    rescale: Rescale,
) -> [Vec<f64>; 2] {
    let [kh, kw] = op.window.kernel;
    let pixels = pixels(&op.window, [h, w], [oh, ow]);
    let grouped = op.multiplier == 1 && channels >= blocking.channels;
    let (groups, width) = match grouped {
        true => (channels.div_ceil(blocking.channels), blocking.channels),
        false => (channels, 1),
    };
    let interior = pixels.interior_rows * pixels.interior_columns;
    let (inside, border) = (interior > 0, pixels.border > 0);
    let taps = kh * kw;
    let split = [flag(!grouped), flag(grouped)];
    // The taps of a large window are looped over.
    let large = flag(taps > MOST_UNROLLED);
    let written_out = match (large, blocking.isa) {
        (0, _) => taps,
        // A row of them is written out, unless there is only one.
        (_, Isa::Mve) if kh > 1 => kw,
        _ => 0,
    };
    let code = numbers(&[
        &split,
        &split.map(|part| part * flag(border)),
        &split.map(|part| part * flag(inside)),
        &split.map(|part| part * flag(inside) * written_out),
        &split.map(|part| part * flag(inside) * large),
        &class(inside, kw, [1, 3, 5]),
        &[
            flag(kh > 1 && inside),
            flag(kh > 1 && border),
            flag(op.multiplier > 1),
        ],
        &class(true, groups, [1, 2, 4]),
        &class(true, oh, [1, 2, 4]),
        &class(true, ow, [1, 2, 4, 8]),
        &[flag(grouped && !channels.is_multiple_of(blocking.channels))],
        &pixels.edge_counts(),
        &[
            factor(c),
            factor(w),
            flag(border) * factor(c),
            flag(border) * factor(channels),
        ],
        &rescale.counts(width),
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
        groups * flag(border) * taps,
        large * groups * interior,
        large * groups * interior * kh,
        large * groups * interior * taps,
    ];
    let mut instructions = numbers(&[&[1]]);
    for part in split {
        instructions.extend(numbers(&[&work.map(|count| part * count)]));
    }
    instructions.extend(numbers(&[&rescale.counts(oh * ow * groups * width)[1..]]));
    [code, instructions]
}
