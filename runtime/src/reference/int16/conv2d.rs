//! 2-D convolution: a sum over the taps that are not padding.

use super::finish;
use crate::params::Conv2dS16Params;
use crate::reference::{axes, under};
use crate::requant::Scale;

/// Reads H·W·I elements, writes OH·OW·O.
pub fn conv2d_s16(params: &Conv2dS16Params, input: &[i16], output: &mut [i16]) {
    let [_, width, channels] = params.input;
    let [out_height, out_width, out_channels] = params.output;
    let [taps_y, taps_x] = params.kernel;
    let [vertical, horizontal] = axes!(params);
    for oy in 0..out_height {
        for ox in 0..out_width {
            for o in 0..out_channels {
                let mut sum = params.bias[o];
                for ky in 0..taps_y {
                    for kx in 0..taps_x {
                        let at = under(ky, oy, vertical).zip(under(kx, ox, horizontal));
                        let Some((y, x)) = at else { continue };
                        let x = &input[(y * width + x) * channels..][..channels];
                        let w = ((o * taps_y + ky) * taps_x + kx) * channels;
                        for (&w, &x) in params.weights[w..].iter().zip(x) {
                            sum = sum.wrapping_add(i64::from(w) * i64::from(x));
                        }
                    }
                }
                let scale = Scale {
                    mantissa: params.mantissas[o],
                    exponent: params.exponents[o],
                };
                output[(oy * out_width + ox) * out_channels + o] =
                    finish(sum, scale, params.sums, params.clamp);
            }
        }
    }
}
