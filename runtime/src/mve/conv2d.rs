//! Sums of a convolution: four filters by one pixel.

use super::{dot, dot_from_zero};
use crate::kernels::conv2d::Patch;

/// Filters summed together.
pub(crate) const FILTERS: usize = 4;

/// Pixels summed together.
pub(crate) const PIXELS: usize = 1;

/// The accumulators of a tile, from a patch without padding: `[pixel][filter]`.
///
/// # Safety
/// `x` points at the first tap of a pixel and `w` at the first weight of a filter; `P` describes bytes
/// that may be read from either.
#[inline(always)]
pub(crate) unsafe fn tile<P: Patch>(
    x: *const i8,
    w: *const i8,
    bias: [i32; FILTERS],
) -> [[i32; FILTERS]; PIXELS] {
    let mut acc = bias;
    let mut tap = 0;
    for outer in 0..P::RUNS[0] {
        for inner in 0..P::RUNS[1] {
            // SAFETY: the caller vouches for the runs that P describes.
            unsafe {
                let x = x.add(outer * P::STEP[0] + inner * P::STEP[1]);
                acc = dot(x, filters::<P>(w.add(tap)), P::RUN, acc);
            }
            tap += P::RUN;
        }
    }
    [acc]
}

/// Adds w·(x − zero) over `len` contiguous bytes for each filter.
///
/// # Safety
/// `len` bytes may be read from `x` and from each filter's `w`.
#[inline(always)]
pub(crate) unsafe fn edge<P: Patch>(
    x: *const i8,
    w: *const i8,
    len: usize,
    zero: i8,
    acc: [i32; FILTERS],
) -> [i32; FILTERS] {
    // SAFETY: the caller's promise.
    unsafe { dot_from_zero(x, filters::<P>(w), len, zero, acc) }
}

/// The weights of a group's filters, given the first's; beyond the last, the last.
#[inline(always)]
fn filters<P: Patch>(w: *const i8) -> [*const i8; FILTERS] {
    core::array::from_fn(|k| {
        let filter = if k < P::FILTERS { k } else { P::FILTERS - 1 };
        w.wrapping_add(filter * P::FILTER)
    })
}
