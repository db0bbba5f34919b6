//! Index of the largest element along an axis; the first one wins.

use ember_ir::{ArgMax, Shape};

pub(super) fn run(op: &ArgMax, from: &Shape, input: &[f32]) -> Vec<f32> {
    let dims = from.dims();
    let inner: usize = dims[op.axis + 1..].iter().product();
    let len = dims[op.axis];
    let outputs = input.len() / len;
    let index = |at: usize| {
        let first = at / inner * len * inner + at % inner;
        let x = |k: usize| input[first + k * inner];
        (1..len).fold(0, |best, k| if x(k) > x(best) { k } else { best }) as f32
    };
    (0..outputs).map(index).collect()
}
