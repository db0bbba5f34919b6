//! Sums of a fully connected layer: one input byte serves four rows.

use crate::kernels::dense::Rows;
use crate::kernels::{opaque, rolled};

/// Rows summed together.
pub(crate) const ROWS: usize = 4;

/// Inputs per turn of the loop.
const UNROLL: usize = 4;

/// The accumulators of a group of rows.
///
/// # Safety
/// `R::LEN` bytes may be read from `x`, and from `w` for each row that `R` describes.
#[inline(always)]
pub(crate) unsafe fn tile<R: Rows>(
    x: *const i8,
    w: *const i8,
    mut acc: [i32; ROWS],
) -> [i32; ROWS] {
    let rows: [*const i8; ROWS] = core::array::from_fn(|k| {
        let row = if k < R::ROWS { k } else { R::ROWS - 1 };
        // SAFETY: a row of R.
        unsafe { w.add(row * R::STEP) }
    });
    let mut at = 0;
    for _ in 0..opaque(R::LEN / UNROLL) {
        for i in at..at + UNROLL {
            // SAFETY: i < LEN, by the caller's promise.
            unsafe { multiply(x, rows, i, &mut acc) };
        }
        at += UNROLL;
    }
    for i in at..at + R::LEN % UNROLL {
        // SAFETY: as above.
        unsafe { multiply(x, rows, i, &mut acc) };
    }
    acc
}

/// Input `i` times one weight of each row.
///
/// # Safety
/// `i` is inside the input and the rows.
#[inline(always)]
unsafe fn multiply(x: *const i8, rows: [*const i8; ROWS], i: usize, acc: &mut [i32; ROWS]) {
    rolled();
    // SAFETY: the caller's promise.
    unsafe {
        let x = i32::from(*x.add(i));
        for (acc, row) in acc.iter_mut().zip(rows) {
            *acc = acc.wrapping_add(i32::from(*row.add(i)) * x);
        }
    }
}
