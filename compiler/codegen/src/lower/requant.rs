//! What the operators' derivations share: channel multipliers, output clamps, folded biases, and the
//! proof that every accumulator fits.

use ember_ir::{Activation, Multiplier, Quant, Rounding};
use ember_runtime::Scale;

use super::{Context, Overflow};

/// Constants of an operator with weights, per output channel.
pub(super) struct Channels {
    /// `bias[c] − input zero point · Σ weights[c]`.
    pub bias: Vec<i32>,
    /// Multiplier mantissas.
    pub mantissas: Vec<i32>,
    /// Multiplier exponents.
    pub exponents: Vec<i8>,
}

/// The runtime's form of a multiplier.
pub(super) fn scale(multiplier: Multiplier) -> Scale {
    Scale {
        mantissa: multiplier.mantissa,
        exponent: exponent(multiplier),
    }
}

/// Multiplier exponents are in [−31, 30] by construction.
fn exponent(multiplier: Multiplier) -> i8 {
    i8::try_from(multiplier.exponent)
        .unwrap_or_else(|_| panic!("BUG: multiplier exponent {}", multiplier.exponent))
}

/// `d[c] = S_in · S_w[c] / S_out` in f64, one per channel also where the weights have a single scale.
pub(super) fn channel_factors(
    input: Quant,
    output: Quant,
    scales: &[f32],
    channels: usize,
) -> Vec<f64> {
    (0..channels)
        .map(|channel| {
            let weight = scales[if scales.len() == 1 { 0 } else { channel }];
            f64::from(input.scale) * f64::from(weight) / f64::from(output.scale)
        })
        .collect()
}

/// Lowest and highest output under a fused activation. ReLU6's bound rounds half away from zero after
/// a division in f32, as TensorFlow Lite does.
pub(crate) fn clamp(activation: Activation, output: Quant) -> [i8; 2] {
    match activation {
        Activation::None => [i8::MIN, i8::MAX],
        Activation::Relu => [output.zero_point, i8::MAX],
        Activation::Relu6 => [output.zero_point, output.quantize(6.0)],
    }
}

/// Sums over the weights that reach one output channel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taps {
    /// Σ w.
    pub sum: i64,
    /// Σ |w|.
    pub magnitude: u128,
}

impl Taps {
    /// The sums of some weights.
    pub fn of<'a>(weights: impl Iterator<Item = &'a i8>) -> Self {
        weights.fold(Self::default(), |taps, &weight| Self {
            sum: taps.sum + i64::from(weight),
            magnitude: taps.magnitude + u128::from(weight.unsigned_abs()),
        })
    }
}

/// Folds the biases, turns the factors into multipliers and proves the accumulators. `factors` has
/// one entry per channel, or a single one for all; `taps` gives the sums of a channel's weights.
pub(super) fn channels(
    context: &Context<'_>,
    bias: &[i64],
    factors: &[f64],
    taps: impl Fn(usize) -> Taps,
    overflows: &mut Vec<Overflow>,
) -> Channels {
    let multipliers: Vec<Multiplier> = factors
        .iter()
        .map(|&factor| Multiplier::new(factor))
        .collect();
    let fold = |(index, &bias): (usize, &i64)| {
        let channel = Channel {
            index,
            bias,
            input: context.input(0),
            taps: taps(index),
            multiplier: multipliers[if multipliers.len() == 1 { 0 } else { index }],
        };
        fold(context, &channel, overflows)
    };
    Channels {
        bias: bias.iter().enumerate().map(fold).collect(),
        mantissas: multipliers
            .iter()
            .map(|multiplier| multiplier.mantissa)
            .collect(),
        exponents: multipliers
            .iter()
            .map(|&multiplier| exponent(multiplier))
            .collect(),
    }
}

/// One output channel of a sum of products.
pub(super) struct Channel {
    /// Its number.
    pub index: usize,
    /// Before folding.
    pub bias: i64,
    /// What the weights are multiplied with.
    pub input: Quant,
    /// Its weights.
    pub taps: Taps,
    /// From the sum to the output.
    pub multiplier: Multiplier,
}

/// The bias less input zero point · Σ weights; the channel's sums are proven.
pub(super) fn fold(context: &Context<'_>, channel: &Channel, overflows: &mut Vec<Overflow>) -> i32 {
    let Channel { bias, taps, .. } = channel;
    let zero = i64::from(channel.input.zero_point);
    let farthest = u128::from((127 - zero).max(zero + 128).unsigned_abs());
    let bound = u128::from(bias.unsigned_abs()) + taps.magnitude * farthest;
    prove(context, channel.index, bound, channel.multiplier, overflows);
    // Its magnitude is below the proven bound.
    (*bias - zero * taps.sum) as i32
}

/// Notes an overflow if a sum of magnitude `bound`, requantised by `multiplier`, may leave i32: the sum itself,
/// or the sum shifted left by a positive exponent. TensorFlow Lite's rounding computes that shift; with a single
/// rounding it bounds the result.
pub(super) fn prove(
    context: &Context<'_>,
    channel: usize,
    bound: u128,
    multiplier: Multiplier,
    overflows: &mut Vec<Overflow>,
) {
    let limit = i32::MAX as u128;
    let shift = match context.rounding {
        Rounding::TfLite | Rounding::Single => multiplier.exponent.max(0) as u32,
        Rounding::Wide => 0,
    };
    let (quantity, bound) = if bound > limit {
        ("the accumulator", bound)
    } else {
        (
            "the accumulator shifted left by its multiplier",
            bound << shift,
        )
    };
    if bound > limit {
        overflows.push(Overflow {
            node: context.name().to_owned(),
            channel,
            quantity,
            bound,
            limit,
        });
    }
}
