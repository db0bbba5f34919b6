//! Kernels for 16-bit activations, written for clarity: one form for every core, no scratch, and outputs
//! apart from the inputs unless the kernel says otherwise.

pub(super) mod add;
pub(super) mod conv2d;
pub(super) mod dense;
pub(super) mod depthwise_conv2d;
pub(super) mod pool2d;
pub(super) mod quantize;

use super::rolled;
use crate::arena::Region;
use crate::params::Sums;
use crate::requant::{Scale, requantize, requantize_wide};

/// How the sums of a layer become outputs; a part of its task.
#[derive(Debug)]
struct Finish {
    sums: Sums,
    clamp: [i16; 2],
}

impl Finish {
    /// The output of a sum.
    // Never inlined: three kernels share it.
    #[inline(never)]
    fn apply(&self, sum: i64, scale: Scale) -> i16 {
        let y = match self.sums {
            Sums::Word(rounding) => requantize(sum as i32, scale, rounding),
            Sums::Wide => requantize_wide(sum, scale),
        };
        clamp(y, self.clamp)
    }
}

/// Per-channel constants of a layer with weights.
#[derive(Debug)]
struct Channels {
    weights: *const i8,
    bias: *const i64,
    mantissas: *const i32,
    exponents: *const i8,
}

// SAFETY: all four point to constants.
unsafe impl Sync for Channels {}

impl Channels {
    const fn new(
        weights: &'static [i8],
        bias: &'static [i64],
        mantissas: &'static [i32],
        exponents: &'static [i8],
    ) -> Self {
        Self {
            weights: weights.as_ptr(),
            bias: bias.as_ptr(),
            mantissas: mantissas.as_ptr(),
            exponents: exponents.as_ptr(),
        }
    }

    /// The factor of an output channel.
    ///
    /// # Safety
    /// There is such a channel.
    #[inline(always)]
    unsafe fn scale(&self, channel: usize) -> Scale {
        // SAFETY: the caller's promise.
        unsafe {
            Scale {
                mantissa: *self.mantissas.add(channel),
                exponent: *self.exponents.add(channel),
            }
        }
    }
}

/// Asserts that constants are as long as there are output channels.
const fn per_channel(channels: usize, bias: &[i64], mantissas: &[i32], exponents: &[i8]) {
    assert!(channels > 0, "no output channels");
    assert!(bias.len() == channels, "one bias per output channel");
    assert!(
        mantissas.len() == channels,
        "one mantissa per output channel"
    );
    assert!(
        exponents.len() == channels,
        "one exponent per output channel"
    );
}

/// Asserts that a region holds so many 16-bit elements.
const fn holds(region: Region, elements: usize) {
    assert!(region.len == 2 * elements, "region and shape differ");
}

#[inline(always)]
fn clamp(y: i32, [low, high]: [i16; 2]) -> i16 {
    y.min(high as i32).max(low as i32) as i16
}

/// `sum` + Σ w·x.
///
/// # Safety
/// There are `len` elements at both pointers.
#[inline(always)]
unsafe fn dot(mut sum: i64, mut weights: *const i8, mut x: *const i16, len: usize) -> i64 {
    // SAFETY: the caller's promise.
    unsafe {
        let end = weights.add(len);
        while weights < end {
            rolled();
            // 8 by 16 bits: the product fits 32.
            sum = sum.wrapping_add(i64::from(i32::from(*weights) * i32::from(*x)));
            (weights, x) = (weights.add(1), x.add(1));
        }
    }
    sum
}
