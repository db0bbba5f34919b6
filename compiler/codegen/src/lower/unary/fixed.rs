//! Functions that TensorFlow Lite Micro computes in fixed point.

use ember_ir::Quant;
use ember_runtime::Scale;
use ember_runtime::fixed_point;
use ember_runtime::requant::rounding_shift_right;

use super::{multiplier, saturated, scaled};

/// Inputs this coarse reach ±16 with their first step (15·2²⁷ shifted right by 31 is 0): nothing, not even
/// zero, is between the outermost outputs. Their factors are beyond a multiplier's range.
const COARSE: f32 = 8.0;

/// Fraction bits of the arguments of the logistic function and of tanh (Q4.27).
const FRACTION_BITS: i32 = 27;

/// The logistic function; the output has scale 1/256 and zero point −128.
pub(super) fn logistic(input: Quant) -> Box<dyn Fn(i8) -> i8> {
    let argument = Argument::of(input);
    Box::new(move |x| match argument.at(x) {
        Place::Below => i8::MIN,
        Place::Above => i8::MAX,
        Place::Inside(x) => saturated(rounding_shift_right(fixed_point::logistic(x), 31 - 8) - 128),
    })
}

/// tanh; the output has scale 1/128 and zero point 0.
pub(super) fn tanh(input: Quant) -> Box<dyn Fn(i8) -> i8> {
    let argument = Argument::of(input);
    Box::new(move |x| match argument.at(x) {
        Place::Below => i8::MIN,
        Place::Above => i8::MAX,
        Place::Inside(x) => saturated(rounding_shift_right(fixed_point::tanh(x), 31 - 7)),
    })
}

/// 1/√x; x ≤ 0 gives the greatest output.
pub(super) fn rsqrt(input: Quant, output: Quant) -> Box<dyn Fn(i8) -> i8> {
    const SHIFT: i8 = 20;
    let factor = 1.0 / f64::from(input.scale.sqrt() * output.scale);
    let scale = multiplier(factor);
    let scale = Scale {
        exponent: scale.exponent.saturating_sub(SHIFT),
        ..scale
    };
    Box::new(move |x| {
        let x = i32::from(x) - i32::from(input.zero_point);
        if x <= 0 {
            return i8::MAX;
        }
        let (mantissa, exponent) = fixed_point::inverse_sqrt(x);
        // Exponents are in [−11, 0].
        let exponent = exponent as i8 + SHIFT;
        let y = scaled(scaled(1, Scale { mantissa, exponent }), scale);
        saturated(y.saturating_add(i32::from(output.zero_point)))
    })
}

/// From an input to the argument in Q4.27.
#[derive(Clone, Copy)]
struct Argument {
    zero_point: i32,
    scale: Scale,
    /// Inputs as far as this from the zero point are beyond ±16.
    radius: i32,
}

/// Where an argument lies.
enum Place {
    Below,
    Inside(i32),
    Above,
}

impl Argument {
    fn of(input: Quant) -> Self {
        let scale = multiplier(f64::from(input.scale) * 2f64.powi(FRACTION_BITS));
        // The greatest argument is 15, not 16: TensorFlow Lite's `CalculateInputRadius`.
        let radius = 15.0 * 2f64.powi(FRACTION_BITS) / 2f64.powi(i32::from(scale.exponent));
        // The cast saturates.
        let radius = if input.scale >= COARSE {
            0
        } else {
            radius.floor() as i32
        };
        Self {
            zero_point: i32::from(input.zero_point),
            scale,
            radius,
        }
    }

    fn at(&self, x: i8) -> Place {
        let x = i32::from(x) - self.zero_point;
        if x <= -self.radius {
            Place::Below
        } else if x >= self.radius {
            Place::Above
        } else {
            Place::Inside(scaled(x, self.scale))
        }
    }
}
