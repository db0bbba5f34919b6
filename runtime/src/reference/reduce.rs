//! Sum or maximum over some axes. A sum is requantised; 1/n of a mean is part of its scale.

use super::Finish;
use crate::params::{ReduceAxis, ReduceParams};

/// Writes as many elements as the kept axes have together.
pub fn reduce_s8(params: &ReduceParams, input: &[i8], output: &mut [i8]) {
    let count = |axes: &[ReduceAxis]| axes.iter().map(|axis| axis.count).product::<usize>();
    let reduced = count(&params.reduced);
    for (at, y) in output.iter_mut().take(count(&params.kept)).enumerate() {
        let first = offset(&params.kept, at);
        let elements = (0..reduced).map(|k| input[first + offset(&params.reduced, k)]);
        *y = match params.sum {
            None => elements.fold(i8::MIN, i8::max),
            Some(sum) => {
                let zero = i32::from(sum.input_zero);
                let finish = Finish {
                    zero: sum.output_zero,
                    clamp: [i8::MIN, i8::MAX],
                    rounding: sum.rounding,
                };
                let acc = elements.fold(0i32, |acc, x| acc.wrapping_add(i32::from(x) - zero));
                finish.apply(acc, sum.scale)
            }
        };
    }
}

/// Where the element of this number lies.
fn offset(axes: &[ReduceAxis], number: usize) -> usize {
    let (mut rest, mut offset) = (number, 0);
    for axis in axes.iter().rev() {
        offset += rest % axis.count * axis.stride;
        rest /= axis.count;
    }
    offset
}
