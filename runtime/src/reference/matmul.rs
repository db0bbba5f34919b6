//! Product of matrices: y = finish(Σ (l − zero)·(r − zero)).

use super::Finish;
use crate::params::MatmulParams;

/// Writes as many elements as the axes have together.
pub fn matmul_s8(params: &MatmulParams, left: &[i8], right: &[i8], output: &mut [i8]) {
    let finish = Finish {
        zero: params.output_zero,
        clamp: [i8::MIN, i8::MAX],
        rounding: params.rounding,
    };
    let outputs: usize = params.axes.iter().map(|axis| axis.count).product();
    for (number, y) in output.iter_mut().take(outputs).enumerate() {
        let (mut rest, mut l, mut r) = (number, 0, 0);
        for axis in params.axes.iter().rev() {
            l += rest % axis.count * axis.left;
            r += rest % axis.count * axis.right;
            rest /= axis.count;
        }
        let mut acc = 0i32;
        for k in 0..params.depth.count {
            let l = i32::from(left[l + k * params.depth.left]) - i32::from(params.left_zero);
            let r = i32::from(right[r + k * params.depth.right]) - i32::from(params.right_zero);
            acc = acc.wrapping_add(l * r);
        }
        *y = finish.apply(acc, params.scale);
    }
}
