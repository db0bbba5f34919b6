//! Index of the largest element: no integers but the shape's.

use ember_ir::ArgMax;
use ember_runtime::params::ArgMaxParams;

use super::Context;

pub(super) fn lower(context: &Context<'_>, op: &ArgMax) -> ArgMaxParams {
    let dims = context.graph.input_shape(context.node).dims();
    ArgMaxParams {
        outer: dims[..op.axis].iter().product(),
        len: dims[op.axis],
        inner: dims[op.axis + 1..].iter().product(),
    }
}
