//! Layers of 16-bit activations: the derivations of TensorFlow Lite Micro's kernels with int8 weights.
//! Zero points are 0, so that no bias is folded.

mod add;
mod conv2d;
mod dense;
mod depthwise_conv2d;
mod pool2d;
mod quantize;

pub use conv2d::Conv2dS16;
pub use dense::DenseS16;
pub use depthwise_conv2d::DepthwiseConv2dS16;

use ember_ir::{Activation, Element, Multiplier, Op, Quant, QuantParams, Rounding};
use ember_runtime::params::Sums;
use ember_runtime::requant::MOST_WIDE_EXPONENT;

use super::requant::{self, Taps};
use super::{Context, Layer, Overflow, copy};

/// Largest magnitude of an int16.
const MAGNITUDE: u128 = 1 << 15;
/// Sums of 64 bits that `requantize_wide` takes are below this.
const WIDE_LIMIT: u128 = 1 << 47;

/// The layer of a node with an int16 input or output.
pub(super) fn lower(
    context: &Context<'_>,
    params: Option<&QuantParams>,
    overflows: &mut Vec<Overflow>,
) -> Layer {
    // The verifier has seen that an operator with weights has them.
    let weights = || params.unwrap_or_else(|| panic!("BUG: verified node without weights"));
    match &context.node.op {
        Op::Conv2d(op) => Layer::Conv2dS16(conv2d::lower(context, op, weights(), overflows)),
        Op::DepthwiseConv2d(op) => {
            let layer = depthwise_conv2d::lower(context, op, weights(), overflows);
            Layer::DepthwiseConv2dS16(layer)
        }
        Op::Dense(op) if op.over_rows => {
            Layer::Conv2dS16(dense::lower_over_rows(context, op, weights(), overflows))
        }
        Op::Dense(op) => Layer::DenseS16(dense::lower(context, op, weights(), overflows)),
        Op::Add(op) => Layer::AddS16(add::lower(context, op, overflows)),
        Op::AveragePool2d(op) => {
            Layer::AveragePool2dS16(pool2d::lower(context, &op.window, op.activation))
        }
        Op::MaxPool2d(op) => Layer::MaxPool2dS16(pool2d::lower(context, &op.window, op.activation)),
        Op::Reshape(_) => Layer::Reshape,
        Op::Unary(_) => Layer::Quantize(quantize::lower(context, overflows)),
        Op::Move(op) => Layer::Copy(copy::lower(context, op)),
        Op::Mean(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::TransposeConv2d(_)
        | Op::ResizeBilinear(_)
        | Op::Matmul(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Svdf(_)
        | Op::Binary(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Constant(_) => panic!("BUG: verified {} of int16", context.node.op.name()),
    }
}

/// Lowest and highest output under a fused activation.
fn clamp(activation: Activation, output: Quant) -> [i16; 2] {
    match activation {
        Activation::None => [i16::MIN, i16::MAX],
        Activation::Relu => [0, i16::MAX],
        Activation::Relu6 => [0, output.quantize_as(6.0, Element::Int16) as i16],
    }
}

/// How a node with weights finishes its sums.
fn sums(context: &Context<'_>) -> Sums {
    match context.rounding {
        Rounding::Wide => Sums::Wide,
        Rounding::Single | Rounding::TfLite => Sums::Word(context.rounding()),
    }
}

/// Multipliers of an operator with weights.
struct Factors {
    mantissas: Vec<i32>,
    exponents: Vec<i8>,
}

/// Turns the factors, one per channel, into multipliers and proves the sums.
fn factors(
    context: &Context<'_>,
    bias: &[i64],
    factors: &[f64],
    taps: impl Fn(usize) -> Taps,
    overflows: &mut Vec<Overflow>,
) -> Factors {
    let multipliers: Vec<Multiplier> = factors.iter().map(|&f| Multiplier::new(f)).collect();
    for (channel, (bias, &multiplier)) in bias.iter().zip(&multipliers).enumerate() {
        let bound = u128::from(bias.unsigned_abs()) + taps(channel).magnitude * MAGNITUDE;
        match context.rounding {
            Rounding::Wide => prove_wide(context, channel, bound, multiplier, overflows),
            Rounding::Single | Rounding::TfLite => {
                requant::prove(context, channel, bound, multiplier, overflows);
            }
        }
    }
    let scales: Vec<_> = multipliers.into_iter().map(requant::scale).collect();
    Factors {
        mantissas: scales.iter().map(|scale| scale.mantissa).collect(),
        exponents: scales.iter().map(|scale| scale.exponent).collect(),
    }
}

/// Notes an overflow if a sum of this magnitude may leave 48 bits, its multiplier's range, or 32 bits when
/// it is multiplied.
fn prove_wide(
    context: &Context<'_>,
    channel: usize,
    bound: u128,
    multiplier: Multiplier,
    overflows: &mut Vec<Overflow>,
) {
    let most = MOST_WIDE_EXPONENT;
    let exponent = multiplier.exponent.unsigned_abs();
    let scaled = match multiplier.exponent {
        0.. => bound << exponent,
        _ => bound >> exponent,
    };
    let (quantity, bound, limit) = if bound >= WIDE_LIMIT {
        ("the accumulator", bound, WIDE_LIMIT - 1)
    } else if bound > 0 && multiplier.exponent > i32::from(most) {
        (
            "the exponent of its multiplier",
            u128::from(exponent),
            most.unsigned_abs().into(),
        )
    } else if scaled >= i32::MAX as u128 {
        ("the scaled accumulator", scaled, i32::MAX as u128 - 1)
    } else {
        return;
    };
    overflows.push(Overflow {
        node: context.name().to_owned(),
        channel,
        quantity,
        bound,
        limit,
    });
}
