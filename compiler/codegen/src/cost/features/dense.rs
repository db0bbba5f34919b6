//! Fully connected layer: groups of rows, then inputs.

use super::{Blocking, flag, numbers};

pub(super) fn counts(inputs: usize, outputs: usize, blocking: &Blocking) -> [Vec<f64>; 2] {
    let groups = outputs.div_ceil(blocking.rows);
    let few = outputs < blocking.rows;
    let code = numbers([
        1,
        flag(few),
        flag(groups > 1),
        flag(!outputs.is_multiple_of(blocking.rows)),
        flag(inputs >= 4),
        flag(inputs >= 16),
        flag(inputs % 4 != 0),
        inputs % 4,
        inputs.min(16),
    ]);
    let instructions = numbers([
        1,
        groups,
        groups * (inputs / 4),
        groups * (inputs % 4),
        flag(few) * groups,
        flag(few) * groups * inputs,
    ]);
    [code, instructions]
}
