//! Requantisation as the kernels do it: the same numbers as [`crate::requant::requantize`] plus zero
//! point and clamp, in fewer instructions.
//!
//! When a layer is compiled, its constants prove a bound of the accumulator; where the bound and the
//! exponents allow it, [`Method`] is one of two short forms, else the definition itself:
//!
//! * `Single`, right shift s in 2..=23: hi(acc·m) + (2·zp+1)·2^(s−2), arithmetic shift by s−1. On
//!   Armv7E-M that is SMMLA, ASR, SSAT. A smaller s is raised by shifting the accumulator left first.
//! * `TfLite`, s in 1..=22: y = SMMULR(2·acc, m); (y + (y >> 31) + 2^(s−1) + zp·2^s) >> s.
//!
//! Both follow from `int8.md` ("Exact short forms"); the tests compare them with the definition.

use super::multiply::{multiply_high, multiply_high_rounded};
use crate::requant::{Rounding, Scale, requantize};

/// Which form a layer uses; a constant of the layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Method {
    /// The accumulator is shifted left by `pre`, then the short form of `Single`.
    Single { pre: u32 },
    /// The short form of `TfLite`.
    TfLite,
    /// The definition.
    General,
}

/// Whether a layer's outputs are finished by code of their method's own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Form {
    /// The short form of TensorFlow Lite's rounding.
    TfLite,
    /// The short form of the single rounding.
    Single,
    /// One by one, by the short form of the single rounding of accumulators that are shifted left first:
    /// rare factors, above 1/4 or so.
    Shifted,
    /// One by one, by the definition: still rarer.
    Other,
}

impl Form {
    /// Whether outputs are finished one by one.
    pub const fn is_one_by_one(self) -> bool {
        matches!(self, Self::Shifted | Self::Other)
    }
}

/// What all outputs of a layer share; a constant of the layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requant {
    pub(crate) method: Method,
    rounding: Rounding,
    zero: i32,
    low: i32,
    high: i32,
}

/// The constants of one output channel, ready for use.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Channel {
    pub(crate) mantissa: i32,
    /// What is added before the shift; unused by `General`.
    pub(crate) addend: i32,
    /// The right shift; the exponent for `General`.
    pub(crate) shift: i32,
}

impl Channel {
    /// A channel whose outputs are all the same.
    pub(crate) const NOTHING: Self = Self {
        mantissa: 0,
        addend: 0,
        shift: 0,
    };

    /// The output of an accumulator before the layer's own clamp, for a method that is known.
    #[inline(always)]
    pub(crate) fn saturated<const METHOD: u32>(&self, acc: i32) -> i8 {
        #[cfg(all(target_arch = "arm", not(target_has_atomic = "32")))]
        // SAFETY: the function keeps to the procedure call standard and reads the channel alone.
        return unsafe { crate::thumb1::requant::saturated::<METHOD>(acc, self) } as i8;
        #[cfg(not(all(target_arch = "arm", not(target_has_atomic = "32"))))]
        self.saturated_by_parts::<METHOD>(acc)
    }

    /// As [`Self::saturated`], in plain Rust.
    #[cfg(not(all(target_arch = "arm", not(target_has_atomic = "32"))))]
    #[inline(always)]
    fn saturated_by_parts<const METHOD: u32>(&self, acc: i32) -> i8 {
        let y = if METHOD == super::TFLITE {
            let y = multiply_high_rounded(acc << 1, self.mantissa);
            y.wrapping_add(y >> 31).wrapping_add(self.addend) >> (self.shift & 31)
        } else {
            multiply_high(acc, self.mantissa).wrapping_add(self.addend) >> (self.shift & 31)
        };
        let y = if y > 127 { 127 } else { y };
        (if y < -128 { -128 } else { y }) as i8
    }
}

impl Requant {
    /// For channels with these factors and accumulators below 2^`bits` in magnitude.
    pub(crate) const fn new(
        rounding: Rounding,
        zero: i8,
        clamp: [i8; 2],
        bits: u32,
        scales: (&[i32], &[i8]),
    ) -> Self {
        let (mantissas, exponents) = scales;
        // Over the channels that do anything: smallest and largest right shift.
        let (mut least, mut most) = (i32::MAX, i32::MIN);
        let mut positive = true;
        let mut i = 0;
        while i < mantissas.len() {
            if mantissas[i] != 0 {
                let shift = -(exponents[i] as i32);
                least = if shift < least { shift } else { least };
                most = if shift > most { shift } else { most };
                positive = positive && mantissas[i] > 0;
            }
            i += 1;
        }
        let method = match rounding {
            _ if !positive => Method::General,
            Rounding::Single => {
                let pre = if least < 2 { (2 - least) as u32 } else { 0 };
                if pre <= 16 && bits + pre <= 31 && most < 23 - pre as i32 {
                    Method::Single { pre }
                } else {
                    Method::General
                }
            }
            Rounding::TfLite if least >= 1 && most <= 22 && bits <= 29 => Method::TfLite,
            Rounding::TfLite => Method::General,
        };
        Self {
            method,
            rounding,
            zero: zero as i32,
            low: clamp[0] as i32,
            high: clamp[1] as i32,
        }
    }

    /// How outputs are finished.
    pub(crate) const fn form(self) -> Form {
        match self.method {
            Method::TfLite => Form::TfLite,
            Method::Single { pre: 0 } => Form::Single,
            Method::Single { .. } => Form::Shifted,
            Method::General => Form::Other,
        }
    }

    /// Twice the output's zero point, plus one: what addends are made of.
    pub(crate) const fn doubled_zero(self) -> i32 {
        2 * self.zero + 1
    }

    /// Whether outputs are clamped to less than the range of i8.
    pub(crate) const fn is_clamped(self) -> bool {
        self.low > i8::MIN as i32 || self.high < i8::MAX as i32
    }

    /// Clamps outputs that were only saturated.
    ///
    /// # Safety
    /// `count` bytes may be read and written from `output` on.
    #[inline(never)]
    pub(crate) unsafe fn clamp(&self, output: *mut i8, count: usize) {
        #[cfg(all(target_arch = "arm", feature = "mve"))]
        // SAFETY: the caller's promise.
        unsafe {
            crate::mve::requant::clamp(output, count, [self.low, self.high]);
        }
        #[cfg(not(all(target_arch = "arm", feature = "mve")))]
        for i in 0..count {
            super::rolled();
            // SAFETY: the caller's promise.
            unsafe {
                let y = i32::from(*output.add(i));
                let y = if y > self.high { self.high } else { y };
                *output.add(i) = if y < self.low { self.low } else { y } as i8;
            }
        }
    }

    /// The output of an accumulator: for outputs that are finished one by one. A function of its own,
    /// because it has all methods in it.
    #[inline(never)]
    pub(crate) fn finish_any(&self, acc: i32, channel: &Channel) -> i8 {
        self.finish(acc, *channel)
    }

    /// As [`Self::finish_any`], for the `k`-th channel of a record of `rows` channels.
    ///
    /// # Safety
    /// As for [`Self::unpacked`].
    #[inline(never)]
    pub(crate) unsafe fn finish_one(
        &self,
        acc: i32,
        factors: *const i32,
        rows: usize,
        k: usize,
    ) -> i8 {
        // SAFETY: the caller's promise.
        self.finish_any(acc, &unsafe { self.unpacked(factors, rows, k) })
    }

    /// Prepares a channel.
    #[inline(always)]
    pub(crate) const fn channel(self, mantissa: i32, exponent: i8) -> Channel {
        let shift = -(exponent as i32);
        match self.method {
            Method::Single { pre } => {
                // With mantissa 0 every shift gives the zero point, and the exponent may be any.
                let shift = if mantissa == 0 { 2 } else { shift + pre as i32 };
                Channel {
                    mantissa,
                    addend: (2 * self.zero + 1) << ((shift - 2) & 31),
                    shift: shift - 1,
                }
            }
            Method::TfLite => {
                let shift = if mantissa == 0 { 1 } else { shift };
                Channel {
                    mantissa,
                    addend: (2 * self.zero + 1) << ((shift - 1) & 31),
                    shift,
                }
            }
            Method::General => Channel {
                mantissa,
                addend: 0,
                shift: exponent as i32,
            },
        }
    }

    /// The output of an accumulator.
    #[inline(always)]
    pub(crate) const fn finish(self, acc: i32, channel: Channel) -> i8 {
        let y = self.scaled(acc, channel);
        // In this order LLVM finds SSAT for the full range.
        let y = if y > self.high { self.high } else { y };
        (if y < self.low { self.low } else { y }) as i8
    }

    /// The output before the clamp.
    #[inline(always)]
    pub(crate) const fn scaled(self, acc: i32, channel: Channel) -> i32 {
        match self.method {
            Method::Single { pre } => {
                let high = multiply_high(acc << pre, channel.mantissa);
                high.wrapping_add(channel.addend) >> (channel.shift & 31)
            }
            Method::TfLite => {
                let y = multiply_high_rounded(acc << 1, channel.mantissa);
                y.wrapping_add(y >> 31).wrapping_add(channel.addend) >> (channel.shift & 31)
            }
            Method::General => {
                let scale = Scale {
                    mantissa: channel.mantissa,
                    exponent: channel.shift as i8,
                };
                requantize(acc, scale, self.rounding).wrapping_add(self.zero)
            }
        }
    }
}

/// Bits of the largest accumulator in magnitude: |acc| < 2^bits, for `taps` products of two i8 and
/// these biases.
pub(crate) const fn accumulator_bits(taps: usize, bias: &[i32]) -> u32 {
    let mut most = 0u64;
    let mut i = 0;
    while i < bias.len() {
        let magnitude = bias[i].unsigned_abs() as u64;
        most = if magnitude > most { magnitude } else { most };
        i += 1;
    }
    // At most 128·128 per tap; wrapping sums beyond i32 are refused by the host and General is exact.
    u64::BITS - (most + taps as u64 * (1 << 14)).leading_zeros()
}

mod stream;
#[cfg(test)]
mod tests;
