//! Sums of a fully connected layer: one load of the input serves four rows.

use super::dot;
use crate::kernels::dense::Rows;

/// Rows summed together.
pub(crate) const ROWS: usize = 4;

/// The accumulators of a group of rows.
///
/// # Safety
/// `R::LEN` bytes may be read from `x`, and from `w` for each row that `R` describes.
#[inline(always)]
pub(crate) unsafe fn tile<R: Rows>(x: *const i8, w: *const i8, acc: [i32; ROWS]) -> [i32; ROWS] {
    let rows = core::array::from_fn(|k| {
        let row = if k < R::ROWS { k } else { R::ROWS - 1 };
        w.wrapping_add(row * R::STEP)
    });
    // SAFETY: the caller's promise.
    unsafe { dot(x, rows, R::LEN, acc) }
}
