//! Bilinear resizing: y = round(Σ x·w_y·w_x / 2²⁰) over two rows and two columns.

use crate::params::{BILINEAR_BITS, ResizeBilinearParams, between, rounded};

/// Reads H·W·C elements, writes OH·OW·C.
pub fn resize_bilinear_s8(params: &ResizeBilinearParams, input: &[i8], output: &mut [i8]) {
    let [height, width, channels] = params.input;
    let one = 1 << BILINEAR_BITS;
    for oy in 0..params.size[0] {
        let (rows, down) = between(params.start[0] + oy as i32 * params.step[0], height);
        for ox in 0..params.size[1] {
            let (columns, right) = between(params.start[1] + ox as i32 * params.step[1], width);
            for c in 0..channels {
                let mut sum = 0;
                for (y, weight_y) in rows.into_iter().zip([one - down, down]) {
                    for (x, weight_x) in columns.into_iter().zip([one - right, right]) {
                        let x = i32::from(input[(y * width + x) * channels + c]);
                        sum += x * weight_y * weight_x;
                    }
                }
                output[(oy * params.size[1] + ox) * channels + c] = rounded(sum);
            }
        }
    }
}
