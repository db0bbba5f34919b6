//! 2-D convolution: pixels in tiles, whose patches are gathered; then pairs of filters over a tile.

use ember_ir::Window2d;
use ember_runtime::packing;
use ember_runtime::scratch::{Isa, PIXELS};

use super::rescale::{Finish, Rescale};
use super::{blocks, flag, gather, numbers};

pub(super) fn counts(
    window: &Window2d,
    shapes: ([usize; 3], [usize; 3]),
    isa: Isa,
    rescale: Rescale,
) -> Vec<f64> {
    let ([_, _, c], [oh, ow, filters]) = shapes;
    let [kh, kw] = window.kernel;
    let all = oh * ow;
    let tiles = all.div_ceil(PIXELS);
    let finish = Finish::of(rescale, filters, packing::filters(isa));
    let blocks = blocks(isa, kh * kw * c);
    let (fast, slow) = (tiles * finish.whole_groups, tiles * finish.other_groups);
    let others = tiles * PIXELS * finish.others;
    // With Helium filters that are finished one by one are also summed one by one.
    let sums = if isa == Isa::Mve {
        tiles * finish.others
    } else {
        slow
    };
    numbers(&[
        &gather::counts(window, shapes, isa),
        &[1, tiles],
        &[
            fast,
            fast * blocks,
            fast * blocks.div_ceil(2),
            fast * blocks.div_ceil(4),
        ],
        &[slow, sums * blocks, tiles * flag(finish.other_groups > 0)],
        &rescale.counts(fast)[1..],
        &rescale.counts(others),
        &[tiles * rescale.clamped(), all * filters * rescale.clamped()],
    ])
}
