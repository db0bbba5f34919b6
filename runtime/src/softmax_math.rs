//! The fixed-point arithmetic of softmax: the table of exponentials that the host computes and the
//! device reads, and the reciprocal of their sum.
//!
//! A transcription of TensorFlow Lite's int8 softmax, bit for bit. `Qi.f` means i integer and f
//! fractional bits in an i32.

use crate::fixed_point::{exp_on_negative, one_over_one_plus_x};
use crate::requant::{doubling_high_mul, rounding_shift_right};

/// Integer bits of the sum of exponentials (Q12.19).
const SUM_INTEGER_BITS: i32 = 12;

/// `exps[d]` = exp of the scaled difference −d, Q0.31; 0 where −d < `diff_min`.
///
/// `(mantissa, left_shift)` is QuantizeMultiplier(min(β·S_in·2²⁶, 2³¹−1)).
pub const fn exps_table(mantissa: i32, left_shift: u32, diff_min: i32) -> [i32; 256] {
    let mut table = [0; 256];
    let mut d = 0;
    while d < 256 {
        let diff = -(d as i32);
        if diff >= diff_min {
            let shifted = diff.wrapping_shl(left_shift);
            table[d] = exp_on_negative::<5>(doubling_high_mul(shifted, mantissa));
        }
        d += 1;
    }
    table
}

/// What an exponential adds to the sum: Q0.31 to Q12.19.
#[inline(always)]
pub const fn sum_term(exp: i32) -> i32 {
    rounding_shift_right(exp, SUM_INTEGER_BITS as u32)
}

/// The reciprocal of a sum of exponentials, as a mantissa and a shift.
#[derive(Clone, Copy, Debug)]
pub struct Reciprocal {
    /// Q0.31.
    mantissa: i32,
    /// Right shift that turns mantissa·exp into an output in 1/256.
    shift: u32,
}

impl Reciprocal {
    /// Of a sum in Q12.19. The largest element contributes 1, so sums are at least 2¹⁹.
    // A network has one softmax: its code belongs to that layer, where the cost model looks for it.
    #[inline(always)]
    pub const fn of(sum: i32) -> Self {
        let headroom = sum.leading_zeros();
        let fraction = (sum as u32).wrapping_shl(headroom).wrapping_sub(1 << 31) as i32;
        // bits over unit + 31 − 8; at most 12 + 23.
        let shift = SUM_INTEGER_BITS - headroom as i32 + 31 - 8;
        Self {
            mantissa: one_over_one_plus_x(fraction),
            shift: if shift > 31 {
                31
            } else if shift < 0 {
                0
            } else {
                shift as u32
            },
        }
    }

    /// The output for an exponential: scale 1/256, zero point −128.
    #[inline(always)]
    pub const fn scale(self, exp: i32) -> i8 {
        let y = rounding_shift_right(doubling_high_mul(self.mantissa, exp), self.shift) - 128;
        if y > 127 { 127 } else { y as i8 }
    }
}
