//! A constant that is copied to the arena: one loop.

use super::numbers;

pub(super) fn counts(elements: usize) -> Vec<f64> {
    numbers(&[&[1, elements]])
}
