//! Mean over height and width: 1/n is folded into the multiplier, as TensorFlow Lite Micro does, by
//! dividing a mantissa that was shifted left as far as 64 bits and the exponent's range allow.

use ember_ir::{Activation, Multiplier};
use ember_runtime::params::MeanParams;

use super::{Context, Overflow, requant};

pub(super) fn lower(context: &Context<'_>, overflows: &mut Vec<Overflow>) -> MeanParams {
    let (input, output) = (context.input(0), context.output());
    let shape = context.input_hwc();
    let count = (shape[0] * shape[1]) as u64;
    let multiplier = Multiplier::new(f64::from(input.scale) / f64::from(output.scale));
    let scale = fold_count(multiplier, count);
    prove(context, count, scale, overflows);
    MeanParams {
        input: shape,
        input_zero: input.zero_point,
        output_zero: output.zero_point,
        scale: requant::scale(scale),
        clamp: requant::clamp(Activation::None, output),
        rounding: context.rounding(),
    }
}

/// Proves a sum of `count` elements of the first input.
pub(super) fn prove(
    context: &Context<'_>,
    count: u64,
    scale: Multiplier,
    overflows: &mut Vec<Overflow>,
) {
    let zero = i64::from(context.input(0).zero_point);
    let farthest = (127 - zero).max(zero + 128).unsigned_abs();
    // The raw sum stays below 128·n, the centred one below this.
    let bound = u128::from(count) * u128::from(farthest);
    requant::prove(context, 0, bound, scale, overflows);
}

/// The multiplier divided by `count`, truncating.
pub(super) fn fold_count(multiplier: Multiplier, count: u64) -> Multiplier {
    let bits = 63 - count.leading_zeros() as i32;
    let shift = bits.min(32).min(31 + multiplier.exponent);
    let mantissa = ((i64::from(multiplier.mantissa) << shift) as u64) / count;
    Multiplier {
        // The shifted mantissa is at most 2³¹·count.
        mantissa: mantissa as i32,
        exponent: multiplier.exponent - shift,
    }
}
