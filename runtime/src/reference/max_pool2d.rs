//! Maximum over the taps that are not padding. Input and output share their quantisation.

use super::{axes, clamp, under};
use crate::params::Pool2dParams;

/// Reads H·W·C elements, writes OH·OW·C. A window without any valid tap gives −128, clamped.
pub fn max_pool2d_s8(params: &Pool2dParams, input: &[i8], output: &mut [i8]) {
    let [_, width, channels] = params.input;
    let [out_height, out_width, _] = params.output;
    let [vertical, horizontal] = axes!(params);
    for oy in 0..out_height {
        for ox in 0..out_width {
            for c in 0..channels {
                let mut max = i8::MIN;
                for ky in 0..params.kernel[0] {
                    for kx in 0..params.kernel[1] {
                        if let Some((y, x)) = under(ky, oy, vertical).zip(under(kx, ox, horizontal))
                        {
                            max = max.max(input[(y * width + x) * channels + c]);
                        }
                    }
                }
                output[(oy * out_width + ox) * channels + c] = clamp(i32::from(max), params.clamp);
            }
        }
    }
}
