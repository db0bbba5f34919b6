//! Average pooling of the raw int8 values: the mean over the taps that are not padding, half away from
//! zero. Input and output share their quantisation.

use super::{axes, clamp, under};
use crate::params::Pool2dParams;

/// Reads H·W·C elements, writes OH·OW·C. A window without any valid tap gives 0, clamped.
pub fn average_pool2d_s8(params: &Pool2dParams, input: &[i8], output: &mut [i8]) {
    let [_, width, channels] = params.input;
    let [out_height, out_width, _] = params.output;
    let [vertical, horizontal] = axes!(params);
    for oy in 0..out_height {
        for ox in 0..out_width {
            for c in 0..channels {
                let (mut sum, mut count) = (0i32, 0i32);
                for ky in 0..params.kernel[0] {
                    for kx in 0..params.kernel[1] {
                        if let Some((y, x)) = under(ky, oy, vertical).zip(under(kx, ox, horizontal))
                        {
                            sum += i32::from(input[(y * width + x) * channels + c]);
                            count += 1;
                        }
                    }
                }
                let count = count.max(1);
                let half = if sum > 0 { count / 2 } else { -(count / 2) };
                output[(oy * out_width + ox) * channels + c] =
                    clamp((sum + half) / count, params.clamp);
            }
        }
    }
}
