//! Element-wise addition: both inputs, shifted left by 20, are brought to the scale 2·max(S1, S2),
//! summed, and brought to the output's scale.

use ember_ir::Multiplier;
use ember_runtime::params::AddParams;

use super::{Context, Overflow, requant};

/// Bits that the inputs are shifted left by.
const LEFT_SHIFT: u32 = 20;

pub(super) fn lower(
    context: &Context<'_>,
    op: &ember_ir::Add,
    overflows: &mut Vec<Overflow>,
) -> AddParams {
    let (left, right, output) = (context.input(0), context.input(1), context.output());
    let common = 2.0 * f64::from(left.scale.max(right.scale));
    let factor = |scale: f32| Multiplier::new(f64::from(scale) / common);
    let sum = Multiplier::new(common / (f64::from(1u32 << LEFT_SHIFT) * f64::from(output.scale)));
    // Two inputs of at most 255 steps, each scaled by at most one half.
    requant::prove(context, 0, 255 << LEFT_SHIFT, sum, overflows);
    AddParams {
        len: context.graph.output_shape(context.node).elements(),
        left_zero: left.zero_point,
        right_zero: right.zero_point,
        output_zero: output.zero_point,
        left: requant::scale(factor(left.scale)),
        right: requant::scale(factor(right.scale)),
        output: requant::scale(sum),
        clamp: requant::clamp(op.activation, output),
        rounding: context.rounding(),
    }
}
