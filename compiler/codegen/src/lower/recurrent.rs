//! Recurrent layers. Sums before a logistic function or tanh are Q3.12, states Q0.15. Rectified sums and states
//! are 2⁻⁷ steps of the output, since nothing bounds them.

use ember_ir::{Cell, Multiplier, QuantParams};
use ember_runtime::lstm_math::SIGMOID;
use ember_runtime::params::{RecurrentCell, RecurrentParams};
use ember_runtime::{Rounding, Scale};

use super::requant::{self, Channel, Taps};
use super::{Context, Overflow};

/// The owned twin of [`RecurrentParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct Recurrent {
    /// What a unit computes.
    pub cell: RecurrentCell,
    /// Steps.
    pub steps: usize,
    /// Elements read per step.
    pub inputs: usize,
    /// Units.
    pub hidden: usize,
    /// Output zero point.
    pub output_zero: i8,
    /// Whether states are kept.
    pub stateful: bool,
    /// How factors round.
    pub rounding: Rounding,
    /// From state to output.
    pub output: Scale,
    /// Per gate and unit.
    pub weights: Vec<i8>,
    /// Per gate, unit and part.
    pub bias: Vec<i32>,
    /// Mantissas of factors from sum to gate.
    pub mantissas: Vec<i32>,
    /// Exponents.
    pub exponents: Vec<i8>,
}

/// Bits behind the point of a sum before a function.
const SUM_BITS: i32 = 12;
/// Bits behind the point of a state.
const STATE_BITS: i32 = 15;
/// Bits that a rectified sum has below the output's.
const RECTIFIED_BITS: i32 = 7;

impl Recurrent {
    /// What the kernel takes.
    pub fn params(&self) -> RecurrentParams<'_> {
        RecurrentParams {
            cell: self.cell,
            steps: self.steps,
            inputs: self.inputs,
            hidden: self.hidden,
            output_zero: self.output_zero,
            stateful: self.stateful,
            rounding: self.rounding,
            output: self.output,
            weights: &self.weights,
            bias: &self.bias,
            mantissas: &self.mantissas,
            exponents: &self.exponents,
            sigmoid: (self.cell != RecurrentCell::RnnRelu).then_some(&SIGMOID),
        }
    }
}

/// The runtime's name of a cell.
pub(crate) fn cell(cell: Cell) -> RecurrentCell {
    match cell {
        Cell::RnnTanh => RecurrentCell::RnnTanh,
        Cell::RnnRelu => RecurrentCell::RnnRelu,
        Cell::Gru => RecurrentCell::Gru,
        Cell::GruResetAfter => RecurrentCell::GruResetAfter,
    }
}

pub(super) fn lower(
    context: &Context<'_>,
    op: &ember_ir::Recurrent,
    params: &QuantParams,
    overflows: &mut Vec<Overflow>,
) -> Recurrent {
    let (input, output) = (context.input(0), context.output());
    let shape = context.graph.input_shape(context.node);
    let (steps, inputs) = (shape.dims()[0], shape.dims()[1]);
    let hidden = op.hidden;
    let step = f64::from(output.scale);
    let (sum_unit, state_unit) = match op.cell {
        Cell::RnnRelu => [step * 2f64.powi(-RECTIFIED_BITS); 2].into(),
        Cell::RnnTanh | Cell::Gru | Cell::GruResetAfter => {
            (2f64.powi(-SUM_BITS), 2f64.powi(-STATE_BITS))
        }
    };
    let quants = [input, output];
    let (own, reset) = params.bias.split_at(op.rows());
    let (mut bias, mut mantissas, mut exponents) = (Vec::new(), Vec::new(), Vec::new());
    for (row, weights) in params.weights.chunks_exact(inputs + hidden).enumerate() {
        // What the reset weights is added to the last gate's hidden values, if there is such a thing.
        let weighted = (row + hidden).checked_sub(op.rows());
        let weighted = weighted.and_then(|unit| reset.get(unit)).unwrap_or(&0);
        let (of_inputs, of_hidden) = weights.split_at(inputs);
        let parts = [(of_inputs, own[row]), (of_hidden, *weighted)];
        for (part, (weights, own)) in parts.into_iter().enumerate() {
            let scale = match *params.scales {
                [scale] => scale,
                _ => params.scales[2 * row + part],
            };
            let factor = f64::from(quants[part].scale) * f64::from(scale) / sum_unit;
            let channel = Channel {
                index: row,
                bias: own,
                input: quants[part],
                taps: Taps::of(weights.iter()),
                multiplier: Multiplier::new(factor),
            };
            let scale = requant::scale(channel.multiplier);
            bias.push(requant::fold(context, &channel, overflows));
            mantissas.push(scale.mantissa);
            exponents.push(scale.exponent);
        }
    }
    let factor = Multiplier::new(state_unit / step);
    requant::prove(context, 0, 1 << STATE_BITS, factor, overflows);
    Recurrent {
        cell: cell(op.cell),
        steps,
        inputs,
        hidden,
        output_zero: output.zero_point,
        stateful: op.stateful,
        rounding: context.rounding(),
        output: requant::scale(factor),
        weights: params.weights.clone(),
        bias,
        mantissas,
        exponents,
    }
}
