//! Product of matrices: batches, rows, which are spread first, then pairs of columns.

use ember_runtime::params::BinaryAxis;

use super::numbers;
use super::rescale::Rescale;

pub(super) fn counts(
    batches: &[BinaryAxis],
    [rows, columns, depth]: [BinaryAxis; 3],
    rescale: Rescale,
) -> Vec<f64> {
    let outer = match *batches {
        [] | [_] => 1,
        [outer, ..] => outer.count,
    };
    let all: usize = batches.iter().map(|axis| axis.count).product();
    let rows = all * rows.count;
    let pairs = rows * columns.count.div_ceil(2);
    numbers(&[
        &[1, outer, all, rows, rows * depth.count],
        &[pairs, pairs * depth.count, rows * (columns.count / 2)],
        &rescale.counts(rows * columns.count),
    ])
}
