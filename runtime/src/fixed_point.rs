//! Functions of fixed-point numbers, as gemmlowp computes them: exp, 1/(1+x), the logistic function,
//! tanh and 1/√x.
//!
//! A transcription of gemmlowp's `fixedpoint.h` and of TensorFlow Lite's
//! `GetInvSqrtQuantizedMultiplierExp`, bit for bit. `Qi.f` means i integer and f fractional bits in an
//! i32. A device needs few of them: what can be a table is one, filled on the host.

use crate::requant::{doubling_high_mul, rounding_shift_right};

/// exp(a) in Q0.31 for a ≤ 0 with `INTEGER_BITS` integer bits, at most 5.
pub const fn exp_on_negative<const INTEGER_BITS: u32>(a: i32) -> i32 {
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
    let quarter = 1 << (31 - INTEGER_BITS - 2);
    if a == 0 {
        return i32::MAX;
    }
    let fraction = (a & (quarter - 1)) - quarter;
    let mut result = exp_on_last_quarter(saturating_shl(fraction, INTEGER_BITS));
    let remainder = fraction.wrapping_sub(a);
    let mut k = 0;
    // Bit k − 2 of the integer part does not exist beyond this.
    while k < FACTORS.len() && k < INTEGER_BITS as usize + 2 {
        if remainder & (quarter << k) != 0 {
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

/// One in Q2.29.
const ONE_Q2: i32 = 1 << 29;

/// 2/(1+a) in Q2.29 for a in [0, 1) in Q0.31: three steps of Newton and Raphson.
#[inline(always)]
const fn two_over_one_plus_x(a: i32) -> i32 {
    const C48_OVER_17: i32 = 1_515_870_810;
    const MINUS_32_OVER_17: i32 = -1_010_580_540;
    // (a + 1) / 2, rounded; a is not negative.
    let half_denominator = ((a as i64 + i32::MAX as i64 + 1) / 2) as i32;
    let mut x = C48_OVER_17 + doubling_high_mul(half_denominator, MINUS_32_OVER_17);
    let mut step = 0;
    while step < 3 {
        let error = ONE_Q2 - doubling_high_mul(half_denominator, x);
        x += saturating_shl(doubling_high_mul(x, error), 2);
        step += 1;
    }
    x
}

/// 1/(1+a) for a in [0, 1), both Q0.31.
#[inline(always)]
pub const fn one_over_one_plus_x(a: i32) -> i32 {
    saturating_shl(two_over_one_plus_x(a), 1)
}

/// (1−a)/(1+a) for a in [0, 1), both Q0.31.
const fn one_minus_x_over_one_plus_x(a: i32) -> i32 {
    saturating_shl(two_over_one_plus_x(a) - ONE_Q2, 2)
}

/// 1/(1+exp(−a)) in Q0.31 for a in Q4.27.
pub const fn logistic(a: i32) -> i32 {
    if a == 0 {
        return 1 << 30;
    }
    let magnitude = if a > 0 { a } else { a.wrapping_neg() };
    let positive = one_over_one_plus_x(exp_on_negative::<4>(magnitude.wrapping_neg()));
    if a > 0 { positive } else { i32::MAX - positive }
}

/// tanh(a) in Q0.31 for a in Q4.27.
pub const fn tanh(a: i32) -> i32 {
    if a == 0 {
        return 0;
    }
    // −|a| in Q4.27 is −2·|a| in Q5.26.
    let negative = if a < 0 { a } else { a.wrapping_neg() };
    let t = one_minus_x_over_one_plus_x(exp_on_negative::<5>(negative));
    if a < 0 { -t } else { t }
}

/// x·2^shift, saturated; for shifts below 31.
pub(crate) const fn saturating_shl(x: i32, shift: u32) -> i32 {
    let threshold = (1 << (31 - shift)) - 1;
    if x > threshold {
        i32::MAX
    } else if x < -threshold {
        i32::MIN
    } else {
        x << shift
    }
}

/// 1/√x for x ≥ 0 (0 counts as 1), as a mantissa in Q0.31 and the power of two that it is multiplied by.
// Inlined, so that the code belongs to its kernel, where the cost model looks for it.
#[inline(always)]
pub const fn inverse_sqrt(x: i32) -> (i32, i32) {
    const ONE_Q3: i32 = 1 << 28;
    const THREE_HALVES_Q3: i32 = (1 << 28) + (1 << 27);
    const HALF_SQRT_2: i32 = 1_518_500_250;
    if x <= 1 {
        return (i32::MAX, 0);
    }
    let (mut x, mut right_shift) = (x, 11);
    while x >= 1 << 29 {
        x /= 4;
        right_shift += 1;
    }
    let pairs = (x.leading_zeros() - 1) / 2 - 1;
    right_shift -= pairs as i32;
    x <<= 2 * pairs;
    let half = rounding_shift_right(x >> 1, 1);
    let mut y = ONE_Q3;
    let mut step = 0;
    while step < 5 {
        let cube = saturating_shl(doubling_high_mul(doubling_high_mul(y, y), y), 6);
        let next = doubling_high_mul(THREE_HALVES_Q3, y) - doubling_high_mul(half, cube);
        y = saturating_shl(next, 3);
        step += 1;
    }
    let mantissa = doubling_high_mul(y, HALF_SQRT_2);
    if right_shift < 0 {
        (mantissa << -right_shift, 0)
    } else {
        (mantissa, -right_shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The real number of a Q0.31.
    fn real(x: i32) -> f64 {
        f64::from(x) / 2f64.powi(31)
    }

    #[test]
    fn functions_are_close_to_the_real_ones() {
        for step in -1600i32..=1600 {
            let x = f64::from(step) / 100.0;
            let Some(raw) = Some((x * 2f64.powi(27)) as i32).filter(|_| x.abs() < 15.9) else {
                continue;
            };
            let e = (-x.abs()).exp();
            let sigmoid = if x < 0.0 {
                e / (1.0 + e)
            } else {
                1.0 / (1.0 + e)
            };
            assert!(
                (real(logistic(raw)) - sigmoid).abs() < 1e-6,
                "logistic({x})"
            );
            assert!((real(tanh(raw)) - x.tanh()).abs() < 1e-6, "tanh({x})");
        }
        for x in [0, 1, 2, 3, 100, 65_025, 1 << 24, 1 << 29, i32::MAX] {
            let (mantissa, exponent) = inverse_sqrt(x);
            let y = real(mantissa) * 2f64.powi(exponent);
            let expected = 1.0 / f64::from(x.max(1)).sqrt();
            assert!((y / expected - 1.0).abs() < 3e-6, "1/√{x}: {y}");
        }
    }
}
