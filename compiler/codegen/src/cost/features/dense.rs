//! Fully connected layer: groups of rows, then inputs.

use super::rescale::Rescale;
use super::{Blocking, class, flag, numbers};

pub(super) fn counts(
    [inputs, outputs]: [usize; 2],
    blocking: &Blocking,
    rescale: Rescale,
) -> [Vec<f64>; 2] {
    let groups = outputs.div_ceil(blocking.rows);
    let few = outputs < blocking.rows;
    let words = inputs / 4;
    let sum = blocking.isa.row(inputs);
    let code = numbers(&[
        &[1, sum.words, sum.bytes, sum.loops],
        &class(true, outputs, [1, 2, 3, 4, 7, 8, 12, 16]),
        &[flag(!outputs.is_multiple_of(blocking.rows))],
        &[
            flag(few) * (inputs % 4),
            flag(few) * words.min(4),
            flag(inputs == 1),
        ],
        &rescale.counts(outputs.min(blocking.rows)),
        &rescale.counts(flag(groups == 2))[1..],
    ]);
    let instructions = numbers(&[
        &[
            1,
            groups,
            groups * words,
            groups * (inputs % 4),
            groups * sum.turns,
        ],
        &[flag(few) * groups, flag(few) * groups * inputs],
        &rescale.counts(groups * outputs.min(blocking.rows)),
    ]);
    [code, instructions]
}
