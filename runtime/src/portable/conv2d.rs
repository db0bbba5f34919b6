//! Sums of a convolution: two filters by two pixels, four byte loads for four multiplications.

use crate::kernels::conv2d::Patch;
use crate::kernels::{opaque, rolled};

/// Filters summed together.
pub(crate) const FILTERS: usize = 2;

/// Pixels summed together.
pub(crate) const PIXELS: usize = 2;

/// Bytes of a run per turn of the loop.
const UNROLL: usize = 4;

/// The accumulators of a tile, from patches without padding: `[pixel][filter]`.
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
    let mut acc = [bias; PIXELS];
    let mut w = w;
    for outer in 0..P::RUNS[0] {
        for inner in 0..P::RUNS[1] {
            // SAFETY: the caller vouches for the runs that P describes.
            unsafe {
                let x = x.add(outer * P::STEP[0] + inner * P::STEP[1]);
                let mut at = 0;
                for _ in 0..opaque(P::RUN / UNROLL) {
                    for i in 0..UNROLL {
                        multiply::<P>(x.add(at + i), w.add(at + i), &mut acc);
                    }
                    at += UNROLL;
                }
                for i in 0..P::RUN % UNROLL {
                    multiply::<P>(x.add(at + i), w.add(at + i), &mut acc);
                }
                w = w.add(P::RUN);
            }
        }
    }
    acc
}

/// One byte of each patch times one of each filter.
///
/// # Safety
/// As for [`tile`].
#[inline(always)]
unsafe fn multiply<P: Patch>(x: *const i8, w: *const i8, acc: &mut [[i32; FILTERS]; PIXELS]) {
    rolled();
    // SAFETY: the caller's promise.
    unsafe {
        let w = [*w, *w.add(P::FILTER)].map(i32::from);
        for (pixel, acc) in acc.iter_mut().enumerate() {
            let x = i32::from(*x.add(pixel * P::PIXEL));
            acc[0] = acc[0].wrapping_add(w[0] * x);
            acc[1] = acc[1].wrapping_add(w[1] * x);
        }
    }
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
    mut acc: [i32; FILTERS],
) -> [i32; FILTERS] {
    for i in 0..len {
        rolled();
        // SAFETY: i < len, by the caller's promise.
        unsafe {
            let x = i32::from(*x.add(i)) - i32::from(zero);
            acc[0] = acc[0].wrapping_add(i32::from(*w.add(i)) * x);
            acc[1] = acc[1].wrapping_add(i32::from(*w.add(i + P::FILTER)) * x);
        }
    }
    acc
}
