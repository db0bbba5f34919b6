//! The constants of a channel as a packed stream has them.

use super::{Channel, Method, Requant};
use crate::isa::TARGET;
use crate::scratch::Isa;

impl Requant {
    /// A channel's shift and the left shift of [`Self::doubled_zero`] that makes its addend, as a packed
    /// stream has them. `General` has no addend: its shift is the exponent.
    pub(crate) const fn shifts(self, mantissa: i32, exponent: i8) -> [u8; 2] {
        let dead = mantissa == 0;
        let shift = -(exponent as i32);
        match self.method {
            // With mantissa 0 every shift gives the zero point, and the exponent may be any.
            Method::Single { pre } => {
                let shift = if dead { 2 } else { shift + pre as i32 };
                [(shift - 1) as u8, (shift - 2) as u8]
            }
            Method::TfLite => {
                let shift = if dead { 1 } else { shift };
                [shift as u8, (shift - 1) as u8]
            }
            Method::General => [exponent as u8, 0],
        }
    }

    /// The `k`-th channel of the factors of a record of `rows` channels.
    ///
    /// # Safety
    /// `factors` points at the factors, and `k` is below `rows`.
    #[inline(always)]
    pub(crate) unsafe fn unpacked(self, factors: *const i32, rows: usize, k: usize) -> Channel {
        // SAFETY: the caller's promise; a pair's factors are mantissa, shifts, mantissa, or with Helium
        // all mantissas come first, then a byte each.
        let (mantissa, shift, addend) = unsafe {
            if matches!(TARGET, Isa::Mve) {
                let byte = i32::from(*factors.add(rows).cast::<i8>().add(k));
                match self.method {
                    Method::General => (*factors.add(k), byte, 0),
                    Method::Single { .. } | Method::TfLite => (*factors.add(k), -byte, -byte - 1),
                }
            } else {
                let pair = factors.add(k / 2 * 3);
                let shifts = *pair.add(1) >> (k % 2 * 16);
                (*pair.add(k % 2 * 2), shifts, shifts >> 8)
            }
        };
        match self.method {
            Method::General => Channel {
                mantissa,
                addend: 0,
                shift: i32::from(shift as i8),
            },
            Method::Single { .. } | Method::TfLite => Channel {
                mantissa,
                addend: self.doubled_zero() << (addend & 31),
                // Shifts take the lowest five bits of it: what the pair's others leave above does no harm.
                shift,
            },
        }
    }

    /// As [`Self::unpacked`], for a method that is known: [`TFLITE`] or [`crate::kernels::SINGLE`].
    ///
    /// # Safety
    /// As for [`Self::unpacked`].
    #[inline(always)]
    pub(crate) unsafe fn unpacked_as<const METHOD: u32>(
        self,
        factors: *const i32,
        rows: usize,
        k: usize,
    ) -> Channel {
        let method = if METHOD == crate::kernels::TFLITE {
            Method::TfLite
        } else {
            Method::Single { pre: 0 }
        };
        // SAFETY: the caller's promise.
        unsafe { Self { method, ..self }.unpacked(factors, rows, k) }
    }
}
