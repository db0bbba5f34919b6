//! Bilinear resizing: rows, pixels, channels.

use super::numbers;

pub(super) fn counts([rows, columns, channels]: [usize; 3]) -> Vec<f64> {
    let pixels = rows * columns;
    numbers(&[&[1, rows, pixels, pixels * channels]])
}
