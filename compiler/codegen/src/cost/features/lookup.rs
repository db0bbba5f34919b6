//! A table of 256 entries: one loop.

use super::numbers;

pub(super) fn counts(elements: usize) -> Vec<f64> {
    numbers(&[&[1, elements]])
}
