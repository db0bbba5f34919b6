//! Element-wise functions of two tensors. Sums and differences shift both sides left by 20 and scale them
//! first, products are scaled as they are, maximum and minimum need no scale.

use super::{Finish, clamp};
use crate::params::{BinaryFunction, BinaryParams};
use crate::requant::{Scale, requantize};

/// Writes as many elements as the axes have together.
pub fn binary_s8(params: &BinaryParams, left: &[i8], right: &[i8], output: &mut [i8]) {
    let elements = params.axes.iter().map(|axis| axis.count).product();
    for (at, y) in output.iter_mut().take(elements).enumerate() {
        let (mut rest, mut l, mut r) = (at, 0, 0);
        for axis in params.axes.iter().rev() {
            let index = rest % axis.count;
            rest /= axis.count;
            l += index * axis.left;
            r += index * axis.right;
        }
        *y = apply(params, left[l], right[r]);
    }
}

fn apply(params: &BinaryParams, left: i8, right: i8) -> i8 {
    let finish = Finish {
        zero: params.output_zero,
        clamp: params.clamp,
        rounding: params.rounding,
    };
    let l = i32::from(left) - i32::from(params.left_zero);
    let r = i32::from(right) - i32::from(params.right_zero);
    let scaled = |x: i32, scale: Scale| requantize(x << 20, scale, params.rounding);
    let (l20, r20) = (scaled(l, params.left), scaled(r, params.right));
    match params.function {
        BinaryFunction::Add => finish.apply(l20.wrapping_add(r20), params.output),
        BinaryFunction::Sub => finish.apply(l20.wrapping_sub(r20), params.output),
        BinaryFunction::Mul => finish.apply(l * r, params.output),
        BinaryFunction::Prelu if l >= 0 => finish.apply(l, params.left),
        BinaryFunction::Prelu => finish.apply(l * r, params.output),
        BinaryFunction::Maximum => clamp(i32::from(left.max(right)), params.clamp),
        BinaryFunction::Minimum => clamp(i32::from(left.min(right)), params.clamp),
    }
}
