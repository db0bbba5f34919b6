//! Reductions over any axes. A sum has the factor S_in/S_out; a mean's is divided by the number of
//! elements as in [`super::mean`]. Neighbouring axes that both stay or both go become one.

use ember_ir::{Multiplier, Reduce, ReduceFunction, Shape};
use ember_runtime::params::{ReduceAxis, ReduceParams, SumParams};

use super::{Context, Overflow, mean, requant};

pub(super) fn lower(
    context: &Context<'_>,
    op: &Reduce,
    overflows: &mut Vec<Overflow>,
) -> ReduceParams {
    let (input, output) = (context.input(0), context.output());
    let count = op.count(context.graph.input_shape(context.node)) as u64;
    let factor = || Multiplier::new(f64::from(input.scale) / f64::from(output.scale));
    let scale = match op.function {
        ReduceFunction::Mean => Some(mean::fold_count(factor(), count)),
        ReduceFunction::Sum => Some(factor()),
        ReduceFunction::Max => None,
    };
    let sum = scale.map(|scale| {
        mean::prove(context, count, scale, overflows);
        SumParams {
            input_zero: input.zero_point,
            output_zero: output.zero_point,
            scale: requant::scale(scale),
            rounding: context.rounding(),
        }
    });
    let shape = context.graph.input_shape(context.node);
    let [kept, reduced] = [false, true].map(|goes| axes(shape, op, goes));
    ReduceParams { kept, reduced, sum }
}

/// The axes that go, or those that stay: at most three of each, because an input has at most six.
pub(crate) fn axes(input: &Shape, op: &Reduce, goes: bool) -> [ReduceAxis; 3] {
    let mut stride = 1;
    let mut axes = [ReduceAxis::ONE; 3];
    let mut next = axes.len();
    let mut before = !goes;
    for (axis, &count) in input.dims().iter().enumerate().rev() {
        if count == 1 {
            continue;
        }
        let is = op.axes.contains(&axis);
        if is == goes && before == goes {
            axes[next].count *= count;
        } else if is == goes {
            next -= 1;
            axes[next] = ReduceAxis { count, stride };
        }
        before = is;
        stride *= count;
    }
    axes
}
