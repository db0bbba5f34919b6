//! Sums of a fully connected layer: two rows at a time, which is a convolution of one run.

use core::marker::PhantomData;

use super::conv2d;
use crate::kernels::conv2d::Patch;
use crate::kernels::dense::Rows;

/// Rows summed together.
pub(crate) const ROWS: usize = conv2d::FILTERS;

/// Rows as filters.
struct Filters<R>(PhantomData<R>);

impl<R: Rows> Patch for Filters<R> {
    const RUN: usize = R::LEN;
    const RUNS: [usize; 2] = [1, 1];
    const STEP: [usize; 2] = [0, 0];
    const PIXEL: usize = 0;
    const FILTER: usize = if R::ROWS > 1 { R::STEP } else { 0 };
    const FILTERS: usize = R::ROWS;
}

/// The accumulators of a group of rows.
///
/// # Safety
/// `R::LEN` bytes may be read from `x`, and from `w` for each row that `R` describes.
#[inline(always)]
pub(crate) unsafe fn tile<R: Rows>(x: *const i8, w: *const i8, acc: [i32; ROWS]) -> [i32; ROWS] {
    // SAFETY: the caller's promise.
    let [acc] = unsafe { conv2d::tile::<Filters<R>>(x, w, acc) };
    acc
}
