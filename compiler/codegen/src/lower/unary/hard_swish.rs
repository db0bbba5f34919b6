//! x·min(max(x + 3, 0), 6)/6 in 16 bits, as TensorFlow Lite's reference kernel has it: the product of
//! the input on the output's scale and of (min(max(x + 3, 0), 6)/6), the "reluish" value, in Q0.15.

use ember_ir::{Multiplier, Quant};

use super::saturated;

/// Bits that an input is shifted left by.
const LEFT_SHIFT: i32 = 7;
/// Size of a step of the reluish value: [−3, 3] are the 16-bit numbers.
const RELUISH_SCALE: f32 = 3.0 / 32768.0;

pub(super) fn entry(input: Quant, output: Quant) -> Box<dyn Fn(i8) -> i8> {
    let fine = (1.0 / 128.0) * input.scale;
    let (out, out_exponent) = multiplier(fine / output.scale);
    let (reluish, reluish_exponent) = multiplier(fine / RELUISH_SCALE);
    Box::new(move |x| {
        let x = (i32::from(x) - i32::from(input.zero_point)) << LEFT_SHIFT;
        // 9 bits and 7 are 16.
        let x = x as i16;
        let on_output = doubling_high_mul_rounded(x, out);
        let mut gate = x;
        if reluish_exponent > 0 {
            gate = shl(gate, reluish_exponent - 1);
        }
        gate = doubling_high_mul_rounded(gate, reluish);
        if reluish_exponent > 0 {
            gate = shl(gate, 1);
        }
        if reluish_exponent < 0 {
            gate = shr_rounded(gate, -reluish_exponent);
        }
        // From [−1, 1] to [0, 1].
        let gate = ((i32::from(gate) + (1 << 15)) >> 1) as i16;
        let product = doubling_high_mul(gate, on_output);
        let y = if out_exponent > 0 {
            i32::from(shl(product, out_exponent))
        } else {
            i32::from(shr_rounded(product, -out_exponent))
        };
        saturated(y + i32::from(output.zero_point))
    })
}

/// A 16-bit mantissa and a power of two.
fn multiplier(factor: f32) -> (i16, i32) {
    let Multiplier { mantissa, exponent } = Multiplier::new(f64::from(factor));
    let rounded = (i64::from(mantissa) + (1 << 15)) >> 16;
    (rounded.min(i64::from(i16::MAX)) as i16, exponent)
}

/// a·b/2¹⁵, rounded half away from zero.
fn doubling_high_mul_rounded(a: i16, b: i16) -> i16 {
    let product = i32::from(a) * i32::from(b);
    let nudge = if product >= 0 { 1 << 14 } else { 1 - (1 << 14) };
    // A mantissa is never −1: the quotient fits.
    ((product + nudge) / (1 << 15)) as i16
}

/// a·b/2¹⁵, truncated.
fn doubling_high_mul(a: i16, b: i16) -> i16 {
    // `a` is not negative: the quotient fits.
    (i32::from(a) * i32::from(b) / (1 << 15)) as i16
}

fn shl(x: i16, shift: i32) -> i16 {
    // Beyond 15 nothing but the sign is left.
    let y = i32::from(x) << shift.min(15);
    y.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// x/2^shift, rounded half away from zero.
fn shr_rounded(x: i16, shift: i32) -> i16 {
    let shift = shift.min(31).unsigned_abs();
    ember_runtime::requant::rounding_shift_right(i32::from(x), shift) as i16
}
