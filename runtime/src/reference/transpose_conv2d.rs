//! Transposed 2-D convolution, phase by phase: y[oy, ox, o] = finish(bias[phase, o] +
//! Σ w[phase, o, ty, tx, i] · x[start + n + t, …, i]).

use super::Finish;
use crate::params::{Phase, TransposeConv2dParams};
use crate::requant::Scale;

/// Reads H·W·I elements, writes OH·OW·O.
pub fn transpose_conv2d_s8(params: &TransposeConv2dParams, input: &[i8], output: &mut [i8]) {
    let out_channels = params.output[2];
    let (mut weights, mut bias) = (params.weights, params.bias);
    for row in 0..params.stride[0] {
        for column in 0..params.stride[1] {
            let count = params.taps(row, column) * out_channels;
            let own = (&weights[..count], &bias[..out_channels]);
            run(params, params.phase(row, column), own, input, output);
            (weights, bias) = (&weights[count..], &bias[out_channels..]);
        }
    }
}

fn run(
    params: &TransposeConv2dParams,
    phases: [Phase; 2],
    (weights, bias): (&[i8], &[i32]),
    input: &[i8],
    output: &mut [i8],
) {
    let [_, width, channels] = params.input;
    let [_, out_width, out_channels] = params.output;
    let finish = Finish {
        zero: params.output_zero,
        clamp: params.clamp,
        rounding: params.rounding,
    };
    let [rows, columns] = phases;
    let under = |axis: usize, n: i32, tap: i32| {
        let at = usize::try_from(phases[axis].start + n + tap).ok();
        at.filter(|&at| at < params.input[axis])
    };
    for y in 0..rows.count {
        for x in 0..columns.count {
            let oy = rows.first as usize + y as usize * params.stride[0];
            let ox = columns.first as usize + x as usize * params.stride[1];
            for o in 0..out_channels {
                let mut acc = bias[o];
                for ty in 0..rows.taps {
                    for tx in 0..columns.taps {
                        let at = under(0, y, ty).zip(under(1, x, tx));
                        let tap = (ty * columns.taps + tx) as usize;
                        let taps = (rows.taps * columns.taps) as usize;
                        for i in 0..channels {
                            let x = at.map_or(params.input_zero, |(y, x)| {
                                input[(y * width + x) * channels + i]
                            });
                            let w = weights[(o * taps + tap) * channels + i];
                            acc = acc.wrapping_add(i32::from(w) * i32::from(x));
                        }
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
