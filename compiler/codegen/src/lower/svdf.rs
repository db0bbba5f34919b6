//! Filters over the last steps of a stream. Both factors are quotients in f32, as TensorFlow Lite Micro takes
//! them.

use ember_ir::{Multiplier, QuantParams, Rounding};
use ember_runtime::Scale;
use ember_runtime::params::SvdfParams;

use super::requant::{self, Channel, Taps};
use super::{Context, Overflow};

/// The owned twin of [`SvdfParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct Svdf {
    /// Elements read per call.
    pub inputs: usize,
    /// Outputs.
    pub units: usize,
    /// Filters per output.
    pub rank: usize,
    /// Steps that are kept.
    pub memory: usize,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// Lowest and highest number that is kept.
    pub kept: [i16; 2],
    /// How both factors round.
    pub rounding: ember_runtime::Rounding,
    /// To what is kept.
    pub feature: Scale,
    /// To the output.
    pub output: Scale,
    /// Per filter.
    pub weights: Vec<i8>,
    /// One per filter.
    pub offsets: Vec<i32>,
    /// Per filter, the bits of i16.
    pub time: Vec<u16>,
    /// One per unit.
    pub bias: Vec<i32>,
}

impl Svdf {
    /// What the kernel takes.
    pub fn params(&self) -> SvdfParams<'_> {
        SvdfParams {
            inputs: self.inputs,
            units: self.units,
            rank: self.rank,
            memory: self.memory,
            output_zero: self.output_zero,
            clamp: self.clamp,
            kept: self.kept,
            rounding: self.rounding,
            feature: self.feature,
            output: self.output,
            weights: &self.weights,
            offsets: &self.offsets,
            time: &self.time,
            bias: &self.bias,
        }
    }
}

pub(super) fn lower(
    context: &Context<'_>,
    op: &ember_ir::Svdf,
    params: &QuantParams,
    overflows: &mut Vec<Overflow>,
) -> Svdf {
    let (input, output) = (context.input(0), context.output());
    let inputs = context.graph.input_shape(context.node).elements();
    let [weight, over_time] = match *params.scales.as_slice() {
        [weight, over_time, ..] => [weight, over_time],
        _ => [params.scales[0]; 2],
    };
    let state = op.state_scale.get();
    let feature = Multiplier::new(f64::from(input.scale * weight / state));
    let last = Multiplier::new(f64::from(state * over_time / output.scale));
    let rows = params.weights.chunks_exact(inputs).enumerate();
    let offsets = rows.map(|(index, weights)| {
        let channel = Channel {
            index,
            bias: 0,
            input,
            taps: Taps::of(weights.iter()),
            multiplier: feature,
        };
        requant::fold(context, &channel, overflows)
    });
    let offsets = offsets.collect();
    let (bias, time) = params.bias.split_at(op.units);
    let kept = match op.state_bits {
        8 => [i16::from(i8::MIN), i16::from(i8::MAX)],
        _ => [i16::MIN, i16::MAX],
    };
    // Sums of products of 16 bits wrap, as those of TensorFlow Lite Micro do: calibration keeps them small.
    if op.state_bits == 8 || context.rounding == Rounding::Single {
        let largest = u128::from(kept[0].unsigned_abs());
        for (unit, &bias) in bias.iter().enumerate() {
            let taps = &time[unit * op.rank * op.memory..][..op.rank * op.memory];
            let sum: u128 = taps.iter().map(|w| u128::from(w.unsigned_abs())).sum();
            let bound = u128::from(bias.unsigned_abs()) + sum * largest;
            requant::prove(context, unit, bound, last, overflows);
        }
    }
    Svdf {
        inputs,
        units: op.units,
        rank: op.rank,
        memory: op.memory,
        output_zero: output.zero_point,
        clamp: requant::clamp(op.activation, output),
        kept,
        rounding: context.rounding(),
        feature: requant::scale(feature),
        output: requant::scale(last),
        weights: params.weights.clone(),
        offsets,
        // The verifier has seen that these and the biases fit.
        time: time.iter().map(|&w| (w as i16).cast_unsigned()).collect(),
        bias: bias.iter().map(|&bias| bias as i32).collect(),
    }
}
