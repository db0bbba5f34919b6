//! A filter over the last steps of a stream, as TensorFlow Lite Micro computes it: sums over time wrap.

use super::Finish;
use crate::params::SvdfParams;
use crate::requant::requantize;

/// Reads one step of `inputs` elements, writes `units`. `state` has units·rank·memory elements: zeros before
/// the first step, then what the step before left.
pub fn svdf_s8(params: &SvdfParams, input: &[i8], state: &mut [i16], output: &mut [i8]) {
    let p = params;
    let finish = Finish {
        zero: p.output_zero,
        clamp: p.clamp,
        rounding: p.rounding,
    };
    let [low, high] = p.kept.map(i32::from);
    for (unit, y) in output[..p.units].iter_mut().enumerate() {
        let mut sum = p.bias[unit];
        for filter in unit * p.rank..(unit + 1) * p.rank {
            let weights = &p.weights[filter * p.inputs..][..p.inputs];
            let taps = weights.iter().zip(input);
            let seen = taps.fold(p.offsets[filter], |acc, (&w, &x)| {
                acc.wrapping_add(i32::from(w) * i32::from(x))
            });
            let seen = requantize(seen, p.feature, p.rounding).max(low).min(high);
            let kept = &mut state[filter * p.memory..][..p.memory];
            kept.copy_within(1.., 0);
            kept[p.memory - 1] = seen as i16;
            let time = &p.time[filter * p.memory..];
            for (&w, &x) in time.iter().zip(kept.iter()) {
                let product = i32::from(w.cast_signed()).wrapping_mul(i32::from(x));
                sum = sum.wrapping_add(product);
            }
        }
        *y = finish.apply(sum, p.output);
    }
}
