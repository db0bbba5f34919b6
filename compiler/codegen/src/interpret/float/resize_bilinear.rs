//! Bilinear resizing: the mean of four pixels, weighted by their distances; a position beyond an end of an axis is
//! that end.

use ember_ir::{ResizeBilinear, Shape};

use super::taps::hwc;

pub(super) fn run(op: &ResizeBilinear, from: &Shape, input: &[f32]) -> Vec<f32> {
    let [height, width, channels] = hwc(from);
    let places = |axis: usize, len: usize| -> Vec<(usize, usize, f32)> {
        let (start, step) = op.line(axis, len);
        let place = |out: usize| {
            let at = (start + out as f64 * step).clamp(0.0, (len - 1) as f64);
            let first = at.floor() as usize;
            (first, (first + 1).min(len - 1), (at - at.floor()) as f32)
        };
        (0..op.size[axis]).map(place).collect()
    };
    let (rows, columns) = (places(0, height), places(1, width));
    let mut output = Vec::with_capacity(rows.len() * columns.len() * channels);
    for &(top, bottom, down) in &rows {
        for &(left, right, across) in &columns {
            for c in 0..channels {
                let at = |y: usize, x: usize| input[(y * width + x) * channels + c];
                let row = |y: usize| at(y, left) * (1.0 - across) + at(y, right) * across;
                output.push(row(top) * (1.0 - down) + row(bottom) * down);
            }
        }
    }
    output
}
