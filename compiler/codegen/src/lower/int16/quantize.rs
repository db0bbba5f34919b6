//! From one scale and type to others.

use ember_ir::{Element, Multiplier, TensorId};
use ember_runtime::params::{QuantizeParams, Width};

use super::super::{Context, Overflow, requant};

pub(super) fn lower(context: &Context<'_>, overflows: &mut Vec<Overflow>) -> QuantizeParams {
    let (input, output) = (context.input(0), context.output());
    let width = |id: TensorId| match context.graph.tensor(id).element {
        Element::Int8 => Width::Byte,
        Element::Int16 => Width::Half,
    };
    let from = width(context.node.inputs[0]);
    let factor = Multiplier::new(f64::from(input.scale) / f64::from(output.scale));
    let farthest = match from {
        Width::Byte => 255,
        Width::Half => super::MAGNITUDE,
    };
    requant::prove(context, 0, farthest, factor, overflows);
    QuantizeParams {
        len: context.graph.output_shape(context.node).elements(),
        from,
        to: width(context.node.output),
        input_zero: input.zero_point,
        output_zero: output.zero_point,
        scale: requant::scale(factor),
        rounding: context.rounding(),
    }
}
