//! Fully connected layer: groups of rows, then inputs.

use ember_runtime::packing;
use ember_runtime::scratch::Isa;

use super::rescale::{Finish, Rescale};
use super::{blocks, flag, numbers};

pub(super) fn counts([inputs, outputs]: [usize; 2], isa: Isa, rescale: Rescale) -> Vec<f64> {
    let finish = Finish::of(rescale, outputs, packing::ROWS);
    let words = blocks(isa, inputs);
    let (fast, slow) = (finish.whole_groups, finish.other_groups);
    let odd = words % 2;
    // With Helium rows that are finished one by one are also summed one by one.
    let sums = if isa == Isa::Mve { finish.others } else { slow };
    numbers(&[
        &[1, flag(fast > 0), fast, fast * words, fast * odd],
        &[fast * words.div_ceil(4), fast * (words / 2).div_ceil(4)],
        &[slow, sums * words, slow * odd],
        &rescale.counts(fast)[1..],
        &rescale.counts(finish.others),
        &[rescale.clamped(), outputs * rescale.clamped()],
    ])
}
