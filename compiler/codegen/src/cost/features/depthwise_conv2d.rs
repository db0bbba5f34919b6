//! Depthwise convolution: groups of channels, bands of rows, which are copied; then rows of pixels.

use ember_ir::DepthwiseConv2d;
use ember_runtime::scratch::{CHANNELS, Geometry, Isa, band_columns, band_rows_in};

use super::rescale::{Finish, Rescale};
use super::{flag, numbers};

pub(super) fn counts(op: &DepthwiseConv2d, g: &Geometry, isa: Isa, rescale: Rescale) -> Vec<f64> {
    let ([h, w, _], [oh, ow, channels]) = (g.input, g.output);
    let [kh, kw] = g.kernel;
    let finish = Finish::of(rescale, channels, CHANNELS);
    let groups = finish.whole_groups + finish.other_groups;
    let band = isa.band(g, isa.depthwise_scratch(g)).max(1);
    let columns = band_columns(g);
    let within = w.min(columns.saturating_sub(g.pad[1]));
    // Rows of all bands: copied from the image, filled, moved up.
    let (mut copied, mut filled, mut moved, mut bands) = (0, 0, 0, 0);
    let (mut oy, mut kept) = (0, 0);
    while oy < oh {
        let rows = band.min(oh - oy);
        for row in kept..band_rows_in(g, rows) {
            let y = oy * g.stride[0] + row;
            let image = y >= g.pad[0] && y - g.pad[0] < h;
            copied += flag(image);
            filled += flag(!image);
        }
        kept = band_rows_in(g, rows).saturating_sub(rows * g.stride[0]);
        moved += kept;
        bands += 1;
        oy += rows;
    }
    let direct = op.multiplier == 1;
    // Pixels are copied a word at a time where four channels are four channels of the input.
    let fast_copies = flag(direct) * channels / CHANNELS;
    let slow_copies = groups - fast_copies;
    let (fast, slow) = (finish.whole_groups, finish.other_groups);
    let pixels = oh * ow;
    let square = flag(g.kernel == [3, 3] && g.dilation[1] == 1);
    let looped = 1 - square;
    let window = |groups: usize, loops: usize| {
        let pixels = groups * pixels * loops;
        [pixels, pixels * kh, pixels * kh * kw]
    };
    numbers(&[
        &[1, groups, groups * bands, groups * copied, groups * filled],
        &[groups * (copied * (columns - within) + filled * columns)],
        &[groups * moved * columns],
        &[fast_copies * copied * within, slow_copies * copied * within],
        &[fast * oh, fast * pixels * square],
        &window(fast, looped),
        &[slow * oh],
        &window(slow, 1),
        &rescale.counts(fast * pixels)[1..],
        &rescale.counts(finish.others * pixels),
        &[rescale.clamped(), pixels * channels * rescale.clamped()],
    ])
}
