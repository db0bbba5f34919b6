//! Element-wise addition: one loop.

use super::numbers;

pub(super) fn counts(elements: usize) -> [Vec<f64>; 2] {
    [numbers([1]), numbers([1, elements])]
}
