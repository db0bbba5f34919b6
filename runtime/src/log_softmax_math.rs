//! The fixed-point arithmetic of the logarithm of softmax.
//!
//! A transcription of TensorFlow Lite's int8 log-softmax and its
//! `log_x_for_x_greater_than_or_equal_to_1`, bit for bit. `Qi.f` means i integer and f fractional bits in
//! an i32.

use crate::fixed_point::{one_over_one_plus_x, saturating_shl};
use crate::requant::{Scale, doubling_high_mul, rounding_shift_right};

/// Integer bits of the sum of exponentials (Q12.19).
const SUM_INTEGER_BITS: i32 = 12;
/// Fraction bits of the logarithm as it is summed (Q6.25).
const LOG_FRACTION_BITS: u32 = 25;
/// From Q5.26 to sixteenths.
const OUTPUT_SHIFT: u32 = 22;
/// The output's zero point.
const OUTPUT_ZERO: i32 = 127;

/// The natural logarithm, in Q5.26, of a number of at least 1 in Q12.19.
///
/// The number is r·2ⁿ with r in [√½, 1) or, whichever is nearer to ∜½, in [½, √½)·√2; a quotient of
/// polynomials gives the logarithm of r.
// Inlined, so that the code belongs to its kernel, where the cost model looks for it.
#[inline(always)]
pub const fn log_at_least_one(x: i32) -> i32 {
    const LOG_2: i32 = 1_488_522_236;
    const SQRT_HALF: i32 = 1_518_500_250;
    const SQRT_SQRT_HALF: i32 = 1_805_811_301;
    // In Q6.25.
    const QUARTER: i32 = 1 << (LOG_FRACTION_BITS - 2);
    const ALPHA_N: i32 = 117_049_297;
    const ALPHA_D: i32 = 127_690_142;
    const ALPHA_I: i32 = 1_057_819_769;
    const ALPHA_F: i32 = 638_450_708;

    // One way to write x, by √½: its power of two less three quarters.
    let headroom = x.leading_zeros();
    let full = saturating_shl(x, headroom.saturating_sub(1));
    let r_a = saturating_shl(doubling_high_mul(full, SQRT_HALF), 1);
    let power_a = saturating_shl(SUM_INTEGER_BITS - headroom as i32, LOG_FRACTION_BITS);
    let power_a = power_a.saturating_add(QUARTER);
    // The other: its power of two less a quarter.
    let headroom = doubling_high_mul(x, SQRT_HALF)
        .leading_zeros()
        .saturating_sub(1);
    let r_b = saturating_shl(x, headroom);
    let power_b = saturating_shl(SUM_INTEGER_BITS - headroom as i32, LOG_FRACTION_BITS);
    let power_b = power_b.saturating_sub(QUARTER);

    let r = if r_a < r_b { r_a } else { r_b };
    let power = if power_a > power_b { power_a } else { power_b };
    // (r + ∜½)/2, half away from zero; both are positive.
    let p = ((r as u32)
        .wrapping_add(SQRT_SQRT_HALF as u32)
        .wrapping_add(1)
        >> 1) as i32;
    let q = r.wrapping_sub(SQRT_SQRT_HALF).wrapping_mul(2);
    let q_squared = doubling_high_mul(q, q);
    let cubic = doubling_high_mul(doubling_high_mul(q, q_squared), ALPHA_N);
    let numerator = doubling_high_mul(q, r).wrapping_add(cubic);
    let inner = ALPHA_I
        .wrapping_add(q)
        .wrapping_add(doubling_high_mul(ALPHA_D, q_squared));
    let denominator = doubling_high_mul(p, inner).wrapping_add(doubling_high_mul(ALPHA_F, q));
    let quotient = doubling_high_mul(
        rounding_shift_right(numerator, 31 - LOG_FRACTION_BITS),
        one_over_one_plus_x(denominator),
    );
    saturating_shl(doubling_high_mul(power, LOG_2).wrapping_add(quotient), 1)
}

/// The output, scale 1/16 and zero point 127, for a distance to the maximum, by the logarithm of the row's
/// sum in Q5.26.
#[inline(always)]
pub const fn output(distance: i32, farthest: u8, scale: Scale, log_of_sum: i32) -> i8 {
    if distance > farthest as i32 {
        return i8::MIN;
    }
    let shifted = distance.wrapping_neg().wrapping_shl(scale.exponent as u32);
    let difference = doubling_high_mul(shifted, scale.mantissa);
    let y = rounding_shift_right(difference.saturating_sub(log_of_sum), OUTPUT_SHIFT) + OUTPUT_ZERO;
    // Neither term is positive, so that no result is above the zero point.
    if y < i8::MIN as i32 { i8::MIN } else { y as i8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_close_to_the_real_ones() {
        // 2⁻¹⁹ of the argument, 2⁻²⁶ of the result, and what the polynomials leave.
        for x in (1u32 << 19..1 << 31).step_by(999_983) {
            let real = (f64::from(x) / f64::from(1 << 19)).ln();
            let found = f64::from(log_at_least_one(x as i32)) / f64::from(1 << 26);
            assert!((found - real).abs() < 1e-6, "log {x}: {found}, not {real}");
        }
        assert!(log_at_least_one(1 << 19).abs() < 8);
    }
}
