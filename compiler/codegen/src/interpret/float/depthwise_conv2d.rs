//! Depthwise 2-D convolution, weights `[KH, KW, C_out]`.

use ember_ir::{DepthwiseConv2d, FloatParams, Shape};

use super::taps::{for_each, hwc};

pub(super) fn run(
    op: &DepthwiseConv2d,
    params: &FloatParams,
    from: &Shape,
    to: &Shape,
    input: &[f32],
) -> Vec<f32> {
    let (from, to) = (hwc(from), hwc(to));
    let (channels, filters) = (from[2], to[2]);
    let mut output = params.bias.repeat(to[0] * to[1]);
    for_each(&op.window, from, to, |out, tap, at| {
        let weights = &params.weights[tap * filters..][..filters];
        let sums = &mut output[out * filters..][..filters];
        for (filter, (sum, weight)) in sums.iter_mut().zip(weights).enumerate() {
            *sum += weight * input[at * channels + filter / op.multiplier];
        }
    });
    output
}
