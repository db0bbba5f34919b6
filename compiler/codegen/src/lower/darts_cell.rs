//! The recurrent cell that DARTS searches. Sums are Q3.12, states Q0.15, whose products with weights are summed as
//! they are.

use ember_ir::{CellFunction, CellNodes, Multiplier, QuantParams};
use ember_runtime::lstm_math::SIGMOID;
use ember_runtime::params::{self, DartsCellParams};
use ember_runtime::{Rounding, Scale};

use super::requant::{self, Channel, Taps};
use super::{Context, Overflow};

/// The owned twin of [`DartsCellParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct DartsCell {
    /// What the gated steps behind the first one compute.
    pub nodes: params::CellNodes,
    /// Steps.
    pub steps: usize,
    /// Elements read per step.
    pub inputs: usize,
    /// Units.
    pub hidden: usize,
    /// Output zero point.
    pub output_zero: i8,
    /// Whether hidden values are kept.
    pub stateful: bool,
    /// How factors round.
    pub rounding: Rounding,
    /// From state to output.
    pub output: Scale,
    /// Per row and part.
    pub weights: Vec<i8>,
    /// Per gated step and row.
    pub bias: Vec<i32>,
    /// Mantissas of factors from sum to Q3.12, per row and part.
    pub mantissas: Vec<i32>,
    /// Exponents.
    pub exponents: Vec<i8>,
}

/// Bits behind the point of a sum before a function.
const SUM_BITS: i32 = 12;
/// Bits behind the point of a state.
const STATE_BITS: i32 = 15;

impl DartsCell {
    /// What the kernel takes.
    pub fn params(&self) -> DartsCellParams<'_> {
        DartsCellParams {
            nodes: self.nodes,
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
            sigmoid: &SIGMOID,
        }
    }
}

/// The runtime's form of the nodes.
fn nodes(nodes: &CellNodes) -> params::CellNodes {
    let nodes = nodes.as_slice().iter().map(|node| params::CellNode {
        from: u8::try_from(node.from)
            .unwrap_or_else(|_| panic!("BUG: node {} of a cell", node.from)),
        function: match node.function {
            CellFunction::Tanh => params::CellFunction::Tanh,
            CellFunction::Relu => params::CellFunction::Relu,
            CellFunction::Sigmoid => params::CellFunction::Sigmoid,
            CellFunction::Identity => params::CellFunction::Identity,
        },
    });
    params::CellNodes::new(&nodes.collect::<Vec<_>>())
}

pub(super) fn lower(
    context: &Context<'_>,
    op: &ember_ir::DartsCell,
    params: &QuantParams,
    overflows: &mut Vec<Overflow>,
) -> DartsCell {
    let (input, output) = (context.input(0), context.output());
    let shape = context.graph.input_shape(context.node);
    let (steps, inputs) = (shape.dims()[0], shape.dims()[1]);
    let (hidden, rows, parts) = (op.hidden, op.rows(), op.parts());
    let sum_unit = 2f64.powi(-SUM_BITS);
    let state_unit = 2f64.powi(-STATE_BITS);
    let mut bias = vec![0; rows * op.stages()];
    let (mut mantissas, mut exponents) = (Vec::new(), Vec::new());
    let row_len = inputs + op.stages() * hidden;
    for (row, weights) in params.weights.chunks_exact(row_len).enumerate() {
        let (of_inputs, of_states) = weights.split_at(inputs);
        let all = std::iter::once(of_inputs).chain(of_states.chunks_exact(hidden));
        for (part, weights) in all.enumerate() {
            let scale = match *params.scales {
                [scale] => scale,
                _ => params.scales[row * parts + part],
            };
            let unit = if part == 0 {
                f64::from(input.scale)
            } else {
                state_unit
            };
            let multiplier = Multiplier::new(unit * f64::from(scale) / sum_unit);
            let taps = Taps::of(weights.iter());
            match part {
                0 => {
                    let channel = Channel {
                        index: row,
                        bias: params.bias[row],
                        input,
                        taps,
                        multiplier,
                    };
                    bias[row] = requant::fold(context, &channel, overflows);
                }
                _ => {
                    // The bias of the first gated step is with its inputs.
                    let own = (part > 1).then(|| (part - 1) * rows + row);
                    let added = own.map_or(0, |own| params.bias[own]);
                    let states = taps.magnitude << STATE_BITS;
                    let bound = u128::from(added.unsigned_abs()) + states;
                    requant::prove(context, row, bound, multiplier, overflows);
                    if let Some(own) = own {
                        // Its magnitude is below the proven bound.
                        bias[own] = added as i32;
                    }
                }
            }
            let scale = requant::scale(multiplier);
            mantissas.push(scale.mantissa);
            exponents.push(scale.exponent);
        }
    }
    let factor = Multiplier::new(state_unit / f64::from(output.scale));
    requant::prove(context, 0, 1 << STATE_BITS, factor, overflows);
    DartsCell {
        nodes: nodes(&op.nodes),
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
