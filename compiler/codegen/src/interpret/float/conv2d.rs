//! Dense 2-D convolution, weights OHWI.

use ember_ir::{Conv2d, FloatParams, Shape};

use super::taps::{for_each, hwc};

pub(super) fn run(
    op: &Conv2d,
    params: &FloatParams,
    from: &Shape,
    to: &Shape,
    input: &[f32],
) -> Vec<f32> {
    let (from, to) = (hwc(from), hwc(to));
    let (channels, filters) = (from[2], to[2]);
    let taps = op.window.kernel[0] * op.window.kernel[1];
    let mut output = params.bias.repeat(to[0] * to[1]);
    for_each(&op.window, from, to, |out, tap, at| {
        let pixel = &input[at * channels..][..channels];
        for (filter, sum) in output[out * filters..][..filters].iter_mut().enumerate() {
            let weights = &params.weights[(filter * taps + tap) * channels..][..channels];
            *sum += weights.iter().zip(pixel).map(|(w, x)| w * x).sum::<f32>();
        }
    });
    output
}
