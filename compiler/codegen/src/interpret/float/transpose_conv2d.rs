//! Transposed 2-D convolution, weights OHWI: each input pixel adds its products to the outputs under it.

use ember_ir::{FloatParams, Shape, TransposeConv2d};

use super::taps::hwc;

pub(super) fn run(
    op: &TransposeConv2d,
    params: &FloatParams,
    from: &Shape,
    to: &Shape,
    input: &[f32],
) -> Vec<f32> {
    let ([height, width, channels], [rows, columns, filters]) = (hwc(from), hwc(to));
    let mut output = params.bias.repeat(rows * columns);
    let reached = |at: usize, tap: usize, axis: usize, size: usize| {
        (at * op.stride[axis] + tap)
            .checked_sub(op.before[axis])
            .filter(|&out| out < size)
    };
    for y in 0..height {
        for x in 0..width {
            let pixel = &input[(y * width + x) * channels..][..channels];
            for ky in 0..op.kernel[0] {
                let Some(oy) = reached(y, ky, 0, rows) else {
                    continue;
                };
                for kx in 0..op.kernel[1] {
                    let Some(ox) = reached(x, kx, 1, columns) else {
                        continue;
                    };
                    let sums = &mut output[(oy * columns + ox) * filters..][..filters];
                    for (filter, sum) in sums.iter_mut().enumerate() {
                        let tap = (filter * op.kernel[0] + ky) * op.kernel[1] + kx;
                        let weights = &params.weights[tap * channels..][..channels];
                        *sum += weights.iter().zip(pixel).map(|(w, x)| w * x).sum::<f32>();
                    }
                }
            }
        }
    }
    output
}
