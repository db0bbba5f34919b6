//! The fixed-point arithmetic of softmax: exp of a negative number, 1/(1+x), and the table of
//! exponentials that the host computes and the device reads.
//!
//! A transcription of gemmlowp's `fixedpoint.h` (`exp_on_negative_values`,
//! `one_over_one_plus_x_for_x_in_0_1`) and of TensorFlow Lite's int8 softmax, bit for bit. `Qi.f` means
//! i integer and f fractional bits in an i32.

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
            table[d] = exp_on_negative(doubling_high_mul(shifted, mantissa));
        }
        d += 1;
    }
    table
}

/// exp(a) in Q0.31 for a ≤ 0 in Q5.26.
pub const fn exp_on_negative(a: i32) -> i32 {
    const QUARTER: i32 = 1 << 24;
    // exp(−2^k) in Q0.31 for k = −2..=4.
    const FACTORS: [i32; 7] = [
        1_672_461_947,
        1_302_514_674,
        790_015_084,
        290_630_308,
        39_332_535,
        720_401,
        242,
    ];
    if a == 0 {
        return i32::MAX;
    }
    let fraction = (a & (QUARTER - 1)) - QUARTER;
    let mut result = exp_on_last_quarter(saturating_shl(fraction, 5));
    let remainder = fraction.wrapping_sub(a);
    let mut k = 0;
    while k < FACTORS.len() {
        if remainder & (QUARTER << k) != 0 {
            result = doubling_high_mul(result, FACTORS[k]);
        }
        k += 1;
    }
    result
}

/// exp(a) for a in [−1/4, 0), both Q0.31: Taylor's series of degree four around −1/8.
const fn exp_on_last_quarter(a: i32) -> i32 {
    const EXP_MINUS_EIGHTH: i32 = 1_895_147_668;
    const THIRD: i32 = 715_827_883;
    let x = a + (1 << 28);
    let x2 = doubling_high_mul(x, x);
    let x3 = doubling_high_mul(x2, x);
    let x4 = doubling_high_mul(x2, x2);
    let x4_over_4 = rounding_shift_right(x4, 2);
    let rest = rounding_shift_right(doubling_high_mul(x4_over_4 + x3, THIRD) + x2, 1);
    EXP_MINUS_EIGHTH + doubling_high_mul(EXP_MINUS_EIGHTH, x + rest)
}

/// 1/(1+a) for a in [0, 1), both Q0.31: three steps of Newton and Raphson.
#[inline(always)]
pub const fn one_over_one_plus_x(a: i32) -> i32 {
    const C48_OVER_17: i32 = 1_515_870_810;
    const MINUS_32_OVER_17: i32 = -1_010_580_540;
    const ONE_Q2: i32 = 1 << 29;
    // (a + 1) / 2, rounded; a is not negative.
    let half_denominator = ((a as i64 + i32::MAX as i64 + 1) / 2) as i32;
    let mut x = C48_OVER_17 + doubling_high_mul(half_denominator, MINUS_32_OVER_17);
    let mut step = 0;
    while step < 3 {
        let error = ONE_Q2 - doubling_high_mul(half_denominator, x);
        x += saturating_shl(doubling_high_mul(x, error), 2);
        step += 1;
    }
    saturating_shl(x, 1)
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

/// x·2^shift, saturated; for shifts below 31.
const fn saturating_shl(x: i32, shift: u32) -> i32 {
    let threshold = (1 << (31 - shift)) - 1;
    if x > threshold {
        i32::MAX
    } else if x < -threshold {
        i32::MIN
    } else {
        x << shift
    }
}
