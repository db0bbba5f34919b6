//! For cores that copy the rows of a band one by one.

use super::Strides;
use crate::isa::depthwise_conv2d::copy;
use crate::kernels::rolled;

/// Copies rows of four channels that follow each other to a band.
///
/// # Safety
/// The rows' pixels may be read from `row` on, and the band has room for them from `to` on.
#[inline(never)]
pub(crate) unsafe fn copy_rows(
    mut row: *const i8,
    mut to: *mut i8,
    rows: usize,
    strides: &Strides,
) {
    for _ in 0..rows {
        rolled();
        // SAFETY: the caller's promise.
        unsafe { copy(row, strides.pixel, to, strides.pixels) };
        row = row.wrapping_add(strides.row);
        to = to.wrapping_add(strides.band_row);
    }
}
