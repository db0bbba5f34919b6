//! Element-wise addition, as that of int8 with a smaller shift.

use ember_ir::Add;
use ember_runtime::params::{ADD_SHIFT, AddS16Params};

use super::super::{Context, Overflow, add};

pub(super) fn lower(
    context: &Context<'_>,
    op: &Add,
    overflows: &mut Vec<Overflow>,
) -> AddS16Params {
    // Two inputs of at most 2¹⁵, each scaled by at most one half.
    let bound = super::MAGNITUDE << ADD_SHIFT;
    let [left, right, output] = add::scales_by(context, ADD_SHIFT, bound, overflows);
    AddS16Params {
        len: context.graph.output_shape(context.node).elements(),
        left,
        right,
        output,
        clamp: super::clamp(op.activation, context.output()),
        rounding: context.rounding(),
    }
}
