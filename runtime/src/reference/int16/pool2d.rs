//! Average and maximum pooling of the raw values, over the taps that are not padding; means are rounded
//! half away from zero. Input and output share their scale.

use super::clamp;
use crate::params::Pool2dS16Params;
use crate::reference::{axes, under};

/// Reads H·W·C elements, writes OH·OW·C. A window without any valid tap gives 0, clamped.
pub fn average_pool2d_s16(params: &Pool2dS16Params, input: &[i16], output: &mut [i16]) {
    pool(params, input, output, |taps| {
        let (sum, count) = taps.fold((0i32, 0i32), |(sum, count), x| {
            (sum.wrapping_add(x), count + 1)
        });
        let count = count.max(1);
        let half = if sum > 0 { count / 2 } else { -(count / 2) };
        sum.wrapping_add(half) / count
    });
}

/// Reads H·W·C elements, writes OH·OW·C. A window without any valid tap gives −32768, clamped.
pub fn max_pool2d_s16(params: &Pool2dS16Params, input: &[i16], output: &mut [i16]) {
    pool(params, input, output, |taps| {
        taps.fold(i32::from(i16::MIN), i32::max)
    });
}

fn pool(
    params: &Pool2dS16Params,
    input: &[i16],
    output: &mut [i16],
    fold: impl Fn(&mut dyn Iterator<Item = i32>) -> i32,
) {
    let [_, width, channels] = params.input;
    let [out_height, out_width, _] = params.output;
    let [vertical, horizontal] = axes!(params);
    for oy in 0..out_height {
        for ox in 0..out_width {
            for c in 0..channels {
                let rows = (0..params.kernel[0]).filter_map(|ky| under(ky, oy, vertical));
                let columns = || (0..params.kernel[1]).filter_map(|kx| under(kx, ox, horizontal));
                let mut taps = rows.flat_map(|y| {
                    columns().map(move |x| i32::from(input[(y * width + x) * channels + c]))
                });
                output[(oy * out_width + ox) * channels + c] = clamp(fold(&mut taps), params.clamp);
            }
        }
    }
}
