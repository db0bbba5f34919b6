//! Requantisation: from an i32 accumulator to the output's scale, by a fixed-point multiplier.
//!
//! Two roundings exist (`int8.md`): TensorFlow Lite Micro's double rounding, for imported models, and
//! a single one, for Ember's own. They differ by one in about 1.8 % of cases.
//!
//! [`requantize`] is the definition, for any accumulator and any [`Scale`]. Fast kernels use
//! `Requant` in `kernels/requant.rs`, which is shorter and equal where its conditions hold.
//!
//! Source of the double rounding: gemmlowp's `fixedpoint.h` and TensorFlow Lite's
//! `MultiplyByQuantizedMultiplier`.

/// How a requantisation rounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    /// (acc·m + 2^(30−e)) >> (31−e): one rounding, half up.
    Single,
    /// Saturating rounding doubling high multiply, then a rounding shift, half away from zero.
    TfLite,
}

/// A real factor mantissa·2^(exponent−31); mantissa in [2³⁰, 2³¹) or 0, exponent in [−31, 30].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    /// Q0.31 mantissa.
    pub mantissa: i32,
    /// Power of two; positive is a left shift.
    pub exponent: i8,
}

/// `acc` times `scale`, rounded as `rounding` says.
///
/// Defined for every argument: an exponent outside [−31, 30] counts as the nearer bound, and a result
/// outside i32 (possible with a positive exponent only) wraps. The host proves that neither happens.
// Never inlined: its size and its callers' are then the same in every model.
#[inline(never)]
pub const fn requantize(acc: i32, scale: Scale, rounding: Rounding) -> i32 {
    let exponent = clamp_exponent(scale.exponent);
    match rounding {
        Rounding::Single => {
            let product = acc as i64 * scale.mantissa as i64;
            ((product + (1i64 << (30 - exponent))) >> (31 - exponent)) as i32
        }
        Rounding::TfLite => {
            let left = if exponent > 0 { exponent as u32 } else { 0 };
            let right = if exponent < 0 { -exponent as u32 } else { 0 };
            rounding_shift_right(doubling_high_mul(acc << left, scale.mantissa), right)
        }
    }
}

/// A sum of 16-bit inputs times `scale`, whose mantissa is rounded to 16 bits: TensorFlow Lite's
/// `MultiplyByQuantizedMultiplier` of 64 bits. One rounding, half up.
///
/// |acc| < 2⁴⁷ and exponents in [−31, 14] are meant, as the host proves; an exponent outside counts as the
/// nearer bound, and what does not fit wraps.
// Never inlined, as `requantize`.
#[inline(never)]
pub const fn requantize_wide(acc: i64, scale: Scale) -> i32 {
    let mantissa = if scale.mantissa < 0x7fff_0000 {
        (scale.mantissa + (1 << 15)) >> 16
    } else {
        0x7fff
    };
    let exponent = if scale.exponent < -31 {
        -31
    } else if scale.exponent > MOST_WIDE_EXPONENT {
        MOST_WIDE_EXPONENT
    } else {
        scale.exponent
    };
    let shift = (15 - exponent) as u32;
    let rounded = acc
        .wrapping_mul(mantissa as i64)
        .wrapping_add(1 << (shift - 1));
    (rounded >> shift) as i32
}

/// The largest exponent of [`requantize_wide`].
pub const MOST_WIDE_EXPONENT: i8 = 14;

/// gemmlowp's `SaturatingRoundingDoublingHighMul`: (a·b + 2³⁰) >> 31; the one product that does not
/// fit, MIN·MIN, gives MAX.
pub const fn doubling_high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        i32::MAX
    } else {
        ((a as i64 * b as i64 + (1 << 30)) >> 31) as i32
    }
}

/// gemmlowp's `RoundingDivideByPOT`: x / 2^shift, half away from zero; `shift` at most 31.
pub const fn rounding_shift_right(x: i32, shift: u32) -> i32 {
    let mask = ((1u32 << shift) - 1) as i32;
    let threshold = (mask >> 1) + (x < 0) as i32;
    (x >> shift) + ((x & mask) > threshold) as i32
}

const fn clamp_exponent(exponent: i8) -> i32 {
    if exponent < -31 {
        -31
    } else if exponent > 30 {
        30
    } else {
        exponent as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HALF: i32 = 1 << 30;

    fn scale(mantissa: i32, exponent: i8) -> Scale {
        Scale { mantissa, exponent }
    }

    /// TensorFlow Lite's C++ text, with i64 for every intermediate value: nudge by the sign, then a
    /// truncating division.
    fn literal_tflite(x: i32, m: i32, e: i32) -> i32 {
        let x = i64::from(x) * (1i64 << e.max(0));
        let ab = i64::from(x as i32) * i64::from(m);
        let nudge = if ab >= 0 { 1 << 30 } else { 1 - (1i64 << 30) };
        let high = (ab + nudge) / (1i64 << 31);
        let shift = (-e).max(0);
        // Division half away from zero.
        let half = (1i64 << shift) / 2;
        let rounded = if high >= 0 {
            (high + half) >> shift
        } else {
            -((-high + half) >> shift)
        };
        rounded as i32
    }

    #[test]
    fn single_rounds_half_up() {
        let half = scale(HALF, 0);
        for (x, y) in [(1, 1), (-1, 0), (3, 2), (-3, -1), (2, 1), (-2, -1)] {
            assert_eq!(requantize(x, half, Rounding::Single), y, "{x}/2");
        }
    }

    #[test]
    fn tflite_rounds_half_away_from_zero_in_the_shift() {
        // 2⁻¹·2⁻¹: the multiply is exact for multiples of two, the shift rounds.
        let quarter = scale(HALF, -1);
        for (x, y) in [(2, 1), (-2, -1), (6, 2), (-6, -2), (4, 1), (-4, -1)] {
            assert_eq!(requantize(x, quarter, Rounding::TfLite), y, "{x}/4");
        }
    }

    #[test]
    fn both_are_defined_at_the_ends_of_the_ranges() {
        for rounding in [Rounding::Single, Rounding::TfLite] {
            for x in [i32::MIN, -1, 0, 1, i32::MAX] {
                assert_eq!(requantize(x, scale(0, 0), rounding), 0);
                let small = requantize(x, scale(i32::MAX, -31), rounding);
                assert!((-1..=1).contains(&small), "{x} {rounding:?}: {small}");
            }
            assert_eq!(requantize(3, scale(HALF, 1), rounding), 3);
            assert_eq!(requantize(-3, scale(HALF, 4), rounding), -24);
            assert_eq!(requantize(1, scale(HALF, 30), rounding), 1 << 29);
            assert_eq!(
                requantize(5, scale(HALF, -100), rounding),
                requantize(5, scale(HALF, -31), rounding)
            );
        }
    }

    #[test]
    fn wide_sums_round_half_up_with_a_mantissa_of_sixteen_bits() {
        let half = scale(HALF, 0);
        for (x, y) in [(1, 1), (-1, 0), (3, 2), (-3, -1), (0, 0)] {
            assert_eq!(requantize_wide(x, half), y, "{x}/2");
        }
        // 2³¹ − 2¹⁶ and above would round to 2¹⁵, which is one too many.
        assert_eq!(requantize_wide(1 << 15, scale(i32::MAX, 0)), 0x7fff);
        assert_eq!(requantize_wide(1 << 15, scale(0x7fff_0000, 0)), 0x7fff);
        assert_eq!(requantize_wide(1 << 15, scale(0x7ffe_ffff, 0)), 0x7fff);
        assert_eq!(requantize_wide(1 << 46, scale(HALF, -31)), 1 << 14);
        assert_eq!(requantize_wide(-(1 << 46), scale(HALF, -31)), -(1 << 14));
        assert_eq!(requantize_wide(1, scale(HALF, 14)), 1 << 13);
        assert_eq!(requantize_wide(1, scale(HALF, 30)), 1 << 13);
    }

    #[test]
    fn the_one_saturating_product() {
        assert_eq!(doubling_high_mul(i32::MIN, i32::MIN), i32::MAX);
        assert_eq!(doubling_high_mul(i32::MIN, i32::MAX), -i32::MAX);
    }

    #[test]
    fn shift_by_zero_and_by_31() {
        assert_eq!(rounding_shift_right(-7, 0), -7);
        assert_eq!(rounding_shift_right(i32::MIN, 31), -1);
        assert_eq!(rounding_shift_right(i32::MAX, 31), 1);
        assert_eq!(rounding_shift_right(HALF, 31), 1);
        assert_eq!(rounding_shift_right(HALF - 1, 31), 0);
    }

    proptest! {
        #[test]
        fn tflite_equals_the_literal_text(x: i32, m in HALF..=i32::MAX, e in -31i8..=30) {
            prop_assert_eq!(
                requantize(x, scale(m, e), Rounding::TfLite),
                literal_tflite(x, m, i32::from(e))
            );
        }

        #[test]
        fn wide_equals_exact_division(
            x in -(1i64 << 47)..1 << 47, m in HALF..=i32::MAX, e in -31i8..=-16
        ) {
            let mantissa = ((i64::from(m) + (1 << 15)) >> 16).min(0x7fff);
            let shift = 15 - i32::from(e);
            let exact = (2 * i128::from(x) * i128::from(mantissa) + (1i128 << shift)).div_euclid(1i128 << (shift + 1));
            prop_assert_eq!(i128::from(requantize_wide(x, scale(m, e))), exact);
        }

        #[test]
        fn single_equals_exact_division(x: i32, m in HALF..=i32::MAX, e in -31i8..=0) {
            // floor(x·m / 2^(31−e) + 1/2) in i128.
            let shift = 31 - i32::from(e);
            let exact = (2 * i128::from(x) * i128::from(m) + (1i128 << shift)).div_euclid(1i128 << (shift + 1));
            prop_assert_eq!(i128::from(requantize(x, scale(m, e), Rounding::Single)), exact);
        }

        #[test]
        fn single_with_a_left_shift(x in -1000i32..1000, m in HALF..=i32::MAX, e in 1i8..=20) {
            let real = f64::from(x) * f64::from(m) * 2f64.powi(i32::from(e) - 31);
            prop_assert_eq!(f64::from(requantize(x, scale(m, e), Rounding::Single)), (real + 0.5).floor());
        }
    }
}
