//! Average and maximum pooling; padded taps do not take part.

use ember_ir::{Shape, Window2d};

use super::taps::{for_each, hwc};

pub(super) fn average(window: &Window2d, from: &Shape, to: &Shape, input: &[f32]) -> Vec<f32> {
    let (from, to) = (hwc(from), hwc(to));
    let channels = from[2];
    let mut output = vec![0.0; to.iter().product()];
    let mut counts = vec![0_usize; to[0] * to[1]];
    for_each(window, from, to, |out, _, at| {
        counts[out] += 1;
        let sums = output[out * channels..][..channels].iter_mut();
        for (sum, x) in sums.zip(&input[at * channels..][..channels]) {
            *sum += x;
        }
    });
    for (sums, count) in output.chunks_exact_mut(channels).zip(counts) {
        for sum in sums {
            *sum /= count as f32;
        }
    }
    output
}

pub(super) fn max(window: &Window2d, from: &Shape, to: &Shape, input: &[f32]) -> Vec<f32> {
    let (from, to) = (hwc(from), hwc(to));
    let channels = from[2];
    let mut output = vec![f32::NEG_INFINITY; to.iter().product()];
    for_each(window, from, to, |out, _, at| {
        let tops = output[out * channels..][..channels].iter_mut();
        for (top, &x) in tops.zip(&input[at * channels..][..channels]) {
            *top = top.max(x);
        }
    });
    output
}
