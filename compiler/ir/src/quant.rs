//! Quantisation parameters and the fixed-point multipliers derived from them.
//!
//! real = (q − zero_point)·scale. A requantisation multiplies an i32 accumulator by a real factor
//! d = mantissa·2^(exponent−31); how it rounds is a [`Rounding`]. Source: TensorFlow Lite's
//! `QuantizeMultiplier` (double rounding) and gemmlowp.

use serde::{Deserialize, Serialize};

use crate::Element;

/// Scale and zero point of a tensor.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Quant {
    /// Real size of one step; finite and positive.
    pub scale: f32,
    /// The integer that stands for real zero.
    pub zero_point: i8,
}

impl Quant {
    /// round_half_away(x / scale) + zero point, clamped to int8. NaN becomes the zero point.
    pub fn quantize(self, x: f32) -> i8 {
        self.quantize_as(x, Element::Int8) as i8
    }

    /// As [`Self::quantize`], clamped to the range of a type.
    pub fn quantize_as(self, x: f32, element: Element) -> i32 {
        let steps = (x / self.scale).round();
        let [low, high] = element.range();
        // A float-to-int cast saturates and maps NaN to zero.
        (steps as i32)
            .saturating_add(i32::from(self.zero_point))
            .clamp(low, high)
    }

    /// The real value of `q`.
    pub fn dequantize(self, q: impl Into<i32>) -> f32 {
        (q.into() - i32::from(self.zero_point)) as f32 * self.scale
    }
}

/// How a requantisation rounds. The two differ by one in about 1.8 % of cases: never mix them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rounding {
    /// One rounding, half up: what Ember's own quantiser emits; cheaper.
    #[default]
    Single,
    /// Double rounding as TensorFlow Lite Micro computes it: for imported models.
    TfLite,
    /// 64-bit sums of 16-bit inputs times a mantissa of 16 bits, rounded once, half up, as TensorFlow
    /// Lite Micro computes layers whose biases are int64.
    Wide,
}

/// A real factor as mantissa·2^(exponent−31), mantissa in [2³⁰, 2³¹) or zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Multiplier {
    /// Q0.31 mantissa.
    pub mantissa: i32,
    /// Power of two; positive is a left shift.
    pub exponent: i32,
}

impl Multiplier {
    /// The multiplier nearest to `factor`, which must be finite and not negative. Factors below 2⁻³²
    /// become zero, factors of 2³¹ and more saturate.
    pub fn new(factor: f64) -> Self {
        if factor.is_nan() || factor <= 0.0 {
            return Self {
                mantissa: 0,
                exponent: 0,
            };
        }
        let (fraction, mut exponent) = frexp(factor);
        let mut mantissa = (fraction * f64::from(1u32 << 31)).round() as i64;
        if mantissa == 1 << 31 {
            mantissa /= 2;
            exponent += 1;
        }
        if exponent < -31 {
            return Self {
                mantissa: 0,
                exponent: 0,
            };
        }
        if exponent > 30 {
            return Self {
                mantissa: i32::MAX,
                exponent: 30,
            };
        }
        Self {
            mantissa: mantissa as i32,
            exponent,
        }
    }
}

/// Splits a positive finite number into a fraction in [0.5, 1) and a power of two.
fn frexp(x: f64) -> (f64, i32) {
    if !x.is_finite() {
        return (0.5, i32::MAX / 2);
    }
    let bits = x.to_bits();
    let biased = ((bits >> 52) & 0x7ff) as i32;
    if biased == 0 {
        // Subnormal: far below any multiplier's range.
        return (0.5, -1100);
    }
    let fraction = f64::from_bits((bits & !(0x7ff << 52)) | (1022 << 52));
    (fraction, biased - 1022)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multipliers_match_the_contract() {
        let half = Multiplier::new(0.5);
        assert_eq!((half.mantissa, half.exponent), (1 << 30, 0));
        let one = Multiplier::new(1.0);
        assert_eq!((one.mantissa, one.exponent), (1 << 30, 1));
        // The fraction rounds up to 2^31 and is renormalised.
        let almost = Multiplier::new(1.0 - 1e-12);
        assert_eq!((almost.mantissa, almost.exponent), (1 << 30, 1));
        for tiny in [0.0, 1e-300, f64::from_bits(1), 2f64.powi(-33)] {
            assert_eq!(Multiplier::new(tiny).mantissa, 0);
        }
        let huge = Multiplier::new(f64::INFINITY);
        assert_eq!((huge.mantissa, huge.exponent), (i32::MAX, 30));
    }

    #[test]
    fn quantize_rounds_half_away_and_saturates() {
        let q = Quant {
            scale: 0.5,
            zero_point: -3,
        };
        assert_eq!(q.quantize(0.25), -2);
        assert_eq!(q.quantize(-0.25), -4);
        assert_eq!(q.quantize(f32::INFINITY), 127);
        assert_eq!(q.quantize(f32::NEG_INFINITY), -128);
        assert_eq!(q.quantize(f32::NAN), -3);
        assert_eq!(q.dequantize(-1), 1.0);
        assert_eq!(q.quantize_as(1e9, Element::Int16), 32_767);
        assert_eq!(q.quantize_as(-200.0, Element::Int16), -403);
    }
}
