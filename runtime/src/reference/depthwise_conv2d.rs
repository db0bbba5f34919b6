//! Depthwise 2-D convolution: output channel o reads input channel o / multiplier only.

use super::{Finish, axes, under};
use crate::params::DepthwiseConv2dParams;
use crate::requant::Scale;

/// Reads H·W·I elements, writes OH·OW·O; O is a multiple of I.
pub fn depthwise_conv2d_s8(params: &DepthwiseConv2dParams, input: &[i8], output: &mut [i8]) {
    let [_, width, channels] = params.input;
    let [out_height, out_width, out_channels] = params.output;
    let [taps_y, taps_x] = params.kernel;
    let [vertical, horizontal] = axes!(params);
    let multiplier = out_channels / channels;
    let finish = Finish {
        zero: params.output_zero,
        clamp: params.clamp,
        rounding: params.rounding,
    };
    for oy in 0..out_height {
        for ox in 0..out_width {
            for o in 0..out_channels {
                let mut acc = params.bias[o];
                for ky in 0..taps_y {
                    for kx in 0..taps_x {
                        let at = under(ky, oy, vertical).zip(under(kx, ox, horizontal));
                        let x = at.map_or(params.input_zero, |(y, x)| {
                            input[(y * width + x) * channels + o / multiplier]
                        });
                        let w = params.weights[(ky * taps_x + kx) * out_channels + o];
                        acc = acc.wrapping_add(i32::from(w) * i32::from(x));
                    }
                }
                let scale = Scale {
                    mantissa: params.mantissas[o],
                    exponent: params.exponents[o],
                };
                output[(oy * out_width + ox) * out_channels + o] = finish.apply(acc, scale);
            }
        }
    }
}
