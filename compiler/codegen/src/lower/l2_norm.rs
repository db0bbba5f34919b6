//! Rows divided by their length: no integers but the shape's and the input's zero point.

use ember_runtime::params::L2NormParams;

use super::{Context, Overflow};

/// Elements of a row whose squares, each at most 255², sum up in 31 bits.
const MAX_LEN: usize = 1 << 15;

pub(super) fn lower(context: &Context<'_>, overflows: &mut Vec<Overflow>) -> L2NormParams {
    let shape = context.graph.input_shape(context.node);
    let len = shape.dims().last().copied().unwrap_or(1);
    if len > MAX_LEN {
        overflows.push(Overflow {
            node: context.name().to_owned(),
            channel: 0,
            quantity: "the number of squares that are summed up",
            bound: len as u128,
            limit: MAX_LEN as u128,
        });
    }
    L2NormParams {
        rows: shape.elements() / len.max(1),
        len,
        input_zero: context.input(0).zero_point,
    }
}
