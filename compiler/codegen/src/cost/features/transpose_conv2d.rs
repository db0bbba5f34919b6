//! Transposed 2-D convolution: phases, rows of each, tiles in a row, whose patches are gathered as for a
//! convolution of stride 1; then pairs of filters over a tile.

use ember_ir::TransposeConv2d;
use ember_runtime::packing;
use ember_runtime::params::Phase;
use ember_runtime::scratch::Isa;

use super::conv2d::tiles;
use super::rescale::{Finish, Rescale};
use super::{blocks, flag, gather, numbers};
use crate::lower::transpose_conv2d::phases;

pub(super) fn counts(
    op: &TransposeConv2d,
    input: [usize; 3],
    isa: Isa,
    rescale: Rescale,
) -> Vec<f64> {
    let [rows, columns] = phases(op);
    let mut sums: Vec<usize> = Vec::new();
    for row in &rows {
        for column in &columns {
            let counts = phase([row, column], input, op.out_channels, isa, rescale);
            sums.resize(counts.len(), 0);
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
    }
    numbers(&[&[1], &sums])
}

/// The counts of a phase of rows and a phase of columns; see [`super::conv2d`].
fn phase(
    phases: [&Phase; 2],
    input: [usize; 3],
    filters: usize,
    isa: Isa,
    rescale: Rescale,
) -> Vec<usize> {
    let [rows, columns] = phases.map(|phase| phase.count as usize);
    let all = rows * columns;
    let [full, tails] = tiles(columns).map(|tiles| tiles * rows);
    let tiles = full + tails;
    let finish = Finish::of(rescale, filters, packing::filters(isa));
    let taps: usize = phases.iter().map(|phase| phase.taps as usize).product();
    let blocks = blocks(isa, taps * input[2]);
    let [fast, ends] = [full, tails].map(|tiles| tiles * finish.whole_groups);
    let (slow, others) = (tiles * finish.other_groups, tiles * finish.others);
    let summed = match isa {
        Isa::Mve => others,
        Isa::Thumb1 | Isa::Thumb2 | Isa::Dsp | Isa::Any => slow,
    };
    let short = flag(isa == Isa::Thumb1) * tails * finish.other_groups;
    let clamped = rescale.clamped();
    [
        &gather::phase_counts(phases, input, isa)[..],
        &[1, rows, tiles],
        &[fast, fast * blocks, fast * blocks.div_ceil(4)],
        &[ends, ends * blocks, ends * blocks.div_ceil(4)],
        &[slow, summed * blocks, others, short * blocks],
        &[tiles * flag(finish.other_groups > 0)],
        &[rescale.counts(fast)[1], rescale.counts(ends)[1]],
        &rescale.counts(all * finish.others),
        &[all * clamped, all * filters * clamped],
    ]
    .concat()
}
