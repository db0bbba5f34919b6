//! Fully connected layer: groups of rows, then inputs.

use ember_runtime::packing;
use ember_runtime::scratch::Isa;

use super::rescale::{Finish, Rescale};
use super::{blocks, flag, numbers, unpack};

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

/// With int4 weights: the counts of each part whose rows are unpacked together, and what unpacking takes.
pub(super) fn counts_s4([inputs, outputs]: [usize; 2], isa: Isa, rescale: Rescale) -> Vec<f64> {
    let rows = isa.dense_s4_rows(inputs);
    let mut all = Vec::new();
    let (whole, rest) = (outputs / rows, outputs % rows);
    for (times, outputs) in [(whole, rows), (usize::from(rest > 0), rest)] {
        let mut part = counts([inputs, outputs], isa, rescale);
        part.extend(numbers(&[&unpack::counts(
            isa,
            packing::ROWS,
            outputs,
            inputs,
        )]));
        all.resize(part.len(), 0.0);
        for (sum, count) in all.iter_mut().zip(part) {
            *sum += times as f64 * count;
        }
    }
    // The first count is that of the parts.
    all.push(1.0);
    all
}
