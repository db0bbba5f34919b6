//! Long short-term memory. Sums before the gates' functions are Q3.12, gates Q0.15.

use ember_ir::{Multiplier, QuantParams};
use ember_runtime::lstm_math::SIGMOID;
use ember_runtime::params::LstmParams;
use ember_runtime::{Rounding, Scale};

use super::requant::{self, Channel, Taps};
use super::{Context, Overflow};

/// The owned twin of [`LstmParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct Lstm {
    /// Steps.
    pub steps: usize,
    /// Elements read per step.
    pub inputs: usize,
    /// Units.
    pub hidden: usize,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest cell.
    pub clamp: [i16; 2],
    /// How factors round.
    pub rounding: Rounding,
    /// Per gate, of inputs and of hidden values.
    pub scales: [[Scale; 2]; 4],
    /// From forget gate · cell.
    pub kept: Scale,
    /// From input gate · candidate.
    pub new: Scale,
    /// From tanh(cell) · output gate.
    pub output: Scale,
    /// Bits behind the point of cells.
    pub cell_bits: i32,
    /// Whether cells and hidden values are kept.
    pub stateful: bool,
    /// Per gate and unit.
    pub weights: Vec<i8>,
    /// One folded bias per gate and unit.
    pub bias: Vec<i32>,
    /// What folding the hidden values' zero point leaves.
    pub recurrent_bias: Vec<i32>,
}

/// Bits behind the point of a gate's sum.
const SUM_BITS: i32 = 12;
/// Bits behind the point of a gate.
const GATE_BITS: i32 = 15;

impl Lstm {
    /// What the kernel takes.
    pub fn params(&self) -> LstmParams<'_> {
        LstmParams {
            steps: self.steps,
            inputs: self.inputs,
            hidden: self.hidden,
            output_zero: self.output_zero,
            clamp: self.clamp,
            rounding: self.rounding,
            scales: self.scales,
            kept: self.kept,
            new: self.new,
            output: self.output,
            cell_bits: self.cell_bits,
            stateful: self.stateful,
            weights: &self.weights,
            bias: &self.bias,
            recurrent_bias: &self.recurrent_bias,
            sigmoid: &SIGMOID,
        }
    }
}

pub(super) fn lower(
    context: &Context<'_>,
    op: &ember_ir::Lstm,
    params: &QuantParams,
    overflows: &mut Vec<Overflow>,
) -> Lstm {
    let (input, output) = (context.input(0), context.output());
    let shape = context.graph.input_shape(context.node);
    let (steps, inputs) = (shape.dims()[0], shape.dims()[1]);
    let hidden = op.hidden;
    let quants = [input, output];
    let scales: [[Multiplier; 2]; 4] = std::array::from_fn(|gate| {
        std::array::from_fn(|part| {
            // The product in f64, unlike a fully connected layer's of one scale.
            let weights = weight_scale(&params.scales, gate, part);
            let scale = f64::from(quants[part].scale) * f64::from(weights);
            Multiplier::new(scale / 2f64.powi(-SUM_BITS))
        })
    });
    let (mut bias, mut recurrent_bias) = (Vec::new(), Vec::new());
    for (row, weights) in params.weights.chunks_exact(inputs + hidden).enumerate() {
        let parts = [&weights[..inputs], &weights[inputs..]];
        for (part, (weights, quant)) in parts.into_iter().zip(quants).enumerate() {
            let added = if part == 0 { params.bias[row] } else { 0 };
            let folded = [&mut bias, &mut recurrent_bias];
            let taps = Taps::of(weights.iter());
            let multiplier = scales[row / hidden][part];
            let channel = Channel {
                index: row,
                bias: added,
                input: quant,
                taps,
                multiplier,
            };
            folded[part].push(requant::fold(context, &channel, overflows));
        }
    }
    let cell = 2f64.powi(-(op.cell_bits as i32));
    let gates = 2f64.powi(-2 * GATE_BITS);
    let factor = |factor: f64| requant::scale(Multiplier::new(factor));
    let clamp = match op.clip.get() {
        f32::INFINITY => [i16::MIN, i16::MAX],
        clip => {
            // The cast saturates.
            let most = (f64::from(clip) / cell) as i16;
            [-most, most]
        }
    };
    let product = Multiplier::new(gates / f64::from(output.scale));
    requant::prove(context, 0, 1 << (2 * GATE_BITS), product, overflows);
    Lstm {
        steps,
        inputs,
        hidden,
        output_zero: output.zero_point,
        clamp,
        rounding: context.rounding(),
        scales: scales.map(|gate| gate.map(requant::scale)),
        kept: factor(2f64.powi(-GATE_BITS)),
        new: factor(gates / cell),
        output: requant::scale(product),
        cell_bits: op.cell_bits as i32,
        stateful: op.stateful,
        weights: params.weights.clone(),
        bias,
        recurrent_bias,
    }
}

/// The scale of a gate's weights of inputs (0) or hidden values (1).
fn weight_scale(scales: &[f32], gate: usize, part: usize) -> f32 {
    match *scales {
        [scale] => scale,
        _ => scales[2 * gate + part],
    }
}
