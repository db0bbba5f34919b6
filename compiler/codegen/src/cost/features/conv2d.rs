//! 2-D convolution: pixels in tiles, whose patches are gathered; then pairs of filters over a tile.

use ember_ir::{Node, WeightType, Window2d};
use ember_runtime::packing;
use ember_runtime::scratch::{Isa, PIXELS};

use super::rescale::{Finish, Rescale};
use super::{Kernel, blocks, flag, gather, numbers, unpack};

/// The kernel of a node that is a convolution, and its counts.
pub(super) fn counted(
    node: &Node,
    window: &Window2d,
    shapes: ([usize; 3], [usize; 3]),
    isa: Isa,
    rescale: Rescale,
) -> (Kernel, Vec<f64>) {
    let mut counts = counts(window, shapes, isa, rescale);
    match node.weights {
        WeightType::Int8 => (Kernel::Conv2d, counts),
        WeightType::Int4 => {
            let ([.., channels], [.., filters]) = shapes;
            let [kh, kw] = window.kernel;
            let group = packing::filters(isa);
            let unpacked = unpack::counts(isa, group, filters, kh * kw * channels);
            counts.extend(numbers(&[&unpacked]));
            (Kernel::Conv2dS4, counts)
        }
    }
}

pub(super) fn counts(
    window: &Window2d,
    shapes: ([usize; 3], [usize; 3]),
    isa: Isa,
    rescale: Rescale,
) -> Vec<f64> {
    let ([_, _, c], [oh, ow, filters]) = shapes;
    let [kh, kw] = window.kernel;
    let all = oh * ow;
    let [full, tails] = tiles(all);
    let tiles = full + tails;
    let finish = Finish::of(rescale, filters, packing::filters(isa));
    let blocks = blocks(isa, kh * kw * c);
    // Groups of filters over full tiles, over tails, and those finished one by one; filters of the latter.
    let [fast, ends] = [full, tails].map(|tiles| tiles * finish.whole_groups);
    let (slow, rows) = (tiles * finish.other_groups, tiles * finish.others);
    let others = all * finish.others;
    // Helium sums these filter by filter, other cores in groups, whether each filter exists or not.
    let summed = match isa {
        Isa::Mve => rows,
        Isa::Thumb1 | Isa::Thumb2 | Isa::Dsp | Isa::Any => slow,
    };
    // On Cortex-M0 two pixels are summed in fewer instructions than three there as well.
    let short = flag(isa == Isa::Thumb1) * tails * finish.other_groups;
    numbers(&[
        &gather::counts(window, shapes, isa),
        &[1, tiles],
        &[
            fast,
            fast * blocks,
            fast * blocks.div_ceil(2),
            fast * blocks.div_ceil(4),
        ],
        &[ends, ends * blocks, ends * blocks.div_ceil(4)],
        &[slow, summed * blocks, rows, short * blocks],
        &[tiles * flag(finish.other_groups > 0)],
        // How a form of their own finishes them; those of the others come next.
        &[rescale.counts(fast)[1], rescale.counts(ends)[1]],
        &rescale.counts(others),
        &[tiles * rescale.clamped(), all * filters * rescale.clamped()],
    ])
}

/// Tiles of [`PIXELS`] pixels, and of fewer: see `ember_runtime::scratch::tile`.
pub(super) fn tiles(pixels: usize) -> [usize; 2] {
    let tails = match pixels % PIXELS {
        0 => 0,
        1 => pixels.min(2),
        _ => 1,
    };
    [pixels.div_ceil(PIXELS) - tails, tails]
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
