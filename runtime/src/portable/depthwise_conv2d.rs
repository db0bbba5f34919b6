//! Sums of a depthwise convolution, one channel at a time.

use crate::kernels::depthwise_conv2d::{Taps, Window};
use crate::kernels::rolled;

/// Channels summed together.
pub(crate) const CHANNELS: usize = 1;

/// Plain loads and multiplications.
pub(crate) struct Sums;

impl Taps<1> for Sums {
    type Filter = ();

    #[inline(always)]
    unsafe fn filter<W: Window>(_: *const i8) {}

    #[inline(always)]
    unsafe fn pixel<W: Window>(
        x: *const i8,
        w: *const i8,
        (): &(),
        [mut acc]: [i32; 1],
    ) -> [i32; 1] {
        for ky in 0..W::KERNEL[0] {
            for kx in 0..W::KERNEL[1] {
                if !W::UNROLLED {
                    rolled();
                }
                // SAFETY: a tap of W, by the caller's promise.
                let (x, w) = unsafe {
                    (
                        *x.add(ky * W::STEP[0] + kx * W::STEP[1]),
                        *w.add((ky * W::KERNEL[1] + kx) * W::WEIGHT_STEP),
                    )
                };
                acc = acc.wrapping_add(i32::from(w) * i32::from(x));
            }
        }
        [acc]
    }

    #[inline(always)]
    unsafe fn edge<W: Window>(
        x: *const i8,
        w: *const i8,
        [rows, columns]: [usize; 2],
        zero: i8,
        [mut acc]: [i32; 1],
    ) -> [i32; 1] {
        for ky in 0..rows {
            rolled();
            for kx in 0..columns {
                rolled();
                // SAFETY: a tap of the part, by the caller's promise.
                let (x, w) = unsafe {
                    (
                        *x.add(ky * W::STEP[0] + kx * W::STEP[1]),
                        *w.add((ky * W::KERNEL[1] + kx) * W::WEIGHT_STEP),
                    )
                };
                acc = acc.wrapping_add(i32::from(w) * (i32::from(x) - i32::from(zero)));
            }
        }
        [acc]
    }
}
