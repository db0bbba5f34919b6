//! Mean over height and width.

use ember_ir::Shape;

use super::taps::hwc;

pub(super) fn run(from: &Shape, input: &[f32]) -> Vec<f32> {
    let [height, width, channels] = hwc(from);
    let mut sums = vec![0.0; channels];
    for pixel in input.chunks_exact(channels) {
        for (sum, x) in sums.iter_mut().zip(pixel) {
            *sum += x;
        }
    }
    sums.iter()
        .map(|sum| sum / (height * width) as f32)
        .collect()
}
