//! Element-wise addition: both inputs, shifted left by 20, are brought to the scale 2·max(S1, S2),
//! summed, and brought to the output's scale.

use ember_ir::Multiplier;
use ember_runtime::Scale;
use ember_runtime::params::AddParams;

use super::{Context, Overflow, requant};

/// Bits that the inputs are shifted left by.
const LEFT_SHIFT: u32 = 20;

pub(super) fn lower(
    context: &Context<'_>,
    op: &ember_ir::Add,
    overflows: &mut Vec<Overflow>,
) -> AddParams {
    let output = context.output();
    let [left, right, sum] = scales(context, overflows);
    AddParams {
        len: context.graph.output_shape(context.node).elements(),
        left_zero: context.input(0).zero_point,
        right_zero: context.input(1).zero_point,
        output_zero: output.zero_point,
        left,
        right,
        output: sum,
        clamp: requant::clamp(op.activation, output),
        rounding: context.rounding(),
    }
}

/// Factors of both inputs and of their sum or difference.
pub(super) fn scales(context: &Context<'_>, overflows: &mut Vec<Overflow>) -> [Scale; 3] {
    // Two inputs of at most 255 steps, each scaled by at most one half.
    scales_by(context, LEFT_SHIFT, 255 << LEFT_SHIFT, overflows)
}

/// As [`scales`], of inputs that are shifted left; `bound` is the largest magnitude of their sum.
pub(super) fn scales_by(
    context: &Context<'_>,
    shift: u32,
    bound: u128,
    overflows: &mut Vec<Overflow>,
) -> [Scale; 3] {
    let [left, right, output] =
        [context.input(0), context.input(1), context.output()].map(|quant| quant.scale);
    let common = 2.0 * f64::from(left.max(right));
    let factor = |scale: f32| Multiplier::new(f64::from(scale) / common);
    let sum = Multiplier::new(common / (f64::from(1u32 << shift) * f64::from(output)));
    requant::prove(context, 0, bound, sum, overflows);
    [factor(left), factor(right), sum].map(requant::scale)
}
