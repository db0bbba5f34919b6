//! Sums of a depthwise convolution: four channels at a time, one word of the input per tap.
//!
//! The weights of the four channels are widened once for all pixels; a tap then is one load, two
//! SXTB16, a load of two words and four SMLABB or SMLATT: 8 instructions for 4 multiplications.

use core::mem::MaybeUninit;

use super::widen;
use crate::kernels::depthwise_conv2d::{Taps, Window};

/// Channels summed together.
pub(crate) const CHANNELS: usize = 4;

/// Taps whose widened weights are kept on the stack; with more, weights are widened for every pixel.
const KEPT: usize = 16;

/// Four channels in two words.
pub(crate) struct Sums;

impl Taps<CHANNELS> for Sums {
    type Filter = [MaybeUninit<[u32; 2]>; KEPT];

    #[inline(always)]
    unsafe fn filter<W: Window>(w: *const i8) -> Self::Filter {
        let mut filter = [MaybeUninit::uninit(); KEPT];
        let taps = W::KERNEL[0] * W::KERNEL[1];
        if taps <= KEPT {
            for (tap, pairs) in filter.iter_mut().enumerate().take(taps) {
                // SAFETY: a tap of W, by the caller's promise.
                pairs.write(widen(unsafe { load(w.add(tap * W::WEIGHT_STEP)) }));
            }
        }
        filter
    }

    #[inline(always)]
    unsafe fn pixel<W: Window>(
        x: *const i8,
        w: *const i8,
        filter: &Self::Filter,
        mut acc: [i32; CHANNELS],
    ) -> [i32; CHANNELS] {
        let kept = W::KERNEL[0] * W::KERNEL[1] <= KEPT;
        for ky in 0..W::KERNEL[0] {
            for kx in 0..W::KERNEL[1] {
                let tap = ky * W::KERNEL[1] + kx;
                // SAFETY: a tap of W, by the caller's promise; `filter` initialised all taps if kept.
                unsafe {
                    let x = load(x.add(ky * W::STEP[0] + kx * W::STEP[1]));
                    let w = if kept {
                        filter.as_ptr().add(tap).cast::<[u32; 2]>().read()
                    } else {
                        widen(load(w.add(tap * W::WEIGHT_STEP)))
                    };
                    acc = multiply(widen(x), w, acc);
                }
            }
        }
        acc
    }

    #[inline(always)]
    unsafe fn tap(x: *const i8, w: *const i8, zero: i8, acc: [i32; CHANNELS]) -> [i32; CHANNELS] {
        // SAFETY: the caller's promise.
        let (x, w) = unsafe { (load(x), load(w)) };
        let w = widen(w);
        // Σ w·x − zero·w in two steps: cheaper to write than four differences, and as exact.
        let zero = u32::from((-i16::from(zero)).cast_unsigned()) * 0x1_0001;
        multiply([zero, zero], w, multiply(widen(x), w, acc))
    }
}

/// Four bytes, whatever their alignment. One instruction.
///
/// # Safety
/// Four bytes may be read from `at`.
#[inline(always)]
unsafe fn load(at: *const i8) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { at.cast::<u32>().read_unaligned() }
}

/// Channel by channel: acc + x·w. LLVM makes SMLABB and SMLATT of it: four instructions.
#[inline(always)]
fn multiply(x: [u32; 2], w: [u32; 2], acc: [i32; CHANNELS]) -> [i32; CHANNELS] {
    let low = |pair: u32| i32::from(pair as i16);
    let high = |pair: u32| pair.cast_signed() >> 16;
    [
        acc[0].wrapping_add(low(x[0]) * low(w[0])),
        acc[1].wrapping_add(low(x[1]) * low(w[1])),
        acc[2].wrapping_add(high(x[0]) * high(w[0])),
        acc[3].wrapping_add(high(x[1]) * high(w[1])),
    ]
}
