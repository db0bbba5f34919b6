//! Element-wise functions of two tensors. Sums and differences as [`super::add`]; a product has the factor
//! S1·S2/S_out; a
//! slope has it too, and S1/S_out for what is not negative. Axes along which both inputs are read alike become one.

use ember_ir::{Activation, Graph, Multiplier, Node, broadcast_strides};
use ember_runtime::params::{BinaryAxis, BinaryFunction, BinaryParams};

use super::{Context, Overflow, add, requant};

/// Largest difference of two i8.
const DIFFERENCE: u128 = 255;
/// Largest product of two differences of i8.
const PRODUCT: u128 = 255 * 255;

pub(super) fn lower(
    context: &Context<'_>,
    function: BinaryFunction,
    activation: Activation,
    overflows: &mut Vec<Overflow>,
) -> BinaryParams {
    let (left, right, output) = (context.input(0), context.input(1), context.output());
    let unused = requant::scale(Multiplier::new(0.0));
    let mut params = BinaryParams {
        function,
        axes: [BinaryAxis::ONE; 4],
        left_zero: left.zero_point,
        right_zero: right.zero_point,
        output_zero: output.zero_point,
        left: unused,
        right: unused,
        output: unused,
        clamp: requant::clamp(activation, output),
        rounding: context.rounding(),
    };
    match function {
        BinaryFunction::Add | BinaryFunction::Sub => {
            [params.left, params.right, params.output] = add::scales(context, overflows);
        }
        BinaryFunction::Mul => {
            let product = f64::from(left.scale) * f64::from(right.scale);
            let factor = Multiplier::new(product / f64::from(output.scale));
            requant::prove(context, 0, PRODUCT, factor, overflows);
            params.output = requant::scale(factor);
        }
        BinaryFunction::Prelu => {
            let positive = f64::from(left.scale) / f64::from(output.scale);
            let product = f64::from(left.scale) * f64::from(right.scale);
            let [positive, slope] =
                [positive, product / f64::from(output.scale)].map(Multiplier::new);
            requant::prove(context, 0, DIFFERENCE, positive, overflows);
            requant::prove(context, 0, PRODUCT, slope, overflows);
            params.left = requant::scale(positive);
            params.output = requant::scale(slope);
        }
        BinaryFunction::Maximum | BinaryFunction::Minimum => {}
    }
    let axes = axes(context.graph, context.node);
    let Some(first) = params.axes.len().checked_sub(axes.len()) else {
        overflows.push(Overflow {
            node: context.name().to_owned(),
            channel: 0,
            quantity: "the number of axes along which inputs are repeated",
            bound: axes.len() as u128,
            limit: params.axes.len() as u128,
        });
        return params;
    };
    params.axes[first..].copy_from_slice(&axes);
    params
}

/// The axes of the output, as few as possible.
pub(crate) fn axes(graph: &Graph, node: &Node) -> Vec<BinaryAxis> {
    let output = graph.output_shape(node);
    let [left, right] =
        [0, 1].map(|index| broadcast_strides(&graph.tensor(node.inputs[index]).shape, output));
    let mut axes: Vec<BinaryAxis> = Vec::new();
    for ((&count, left), right) in output.dims().iter().zip(left).zip(right) {
        if count == 1 {
            continue;
        }
        match axes.last_mut() {
            Some(outer) if outer.left == left * count && outer.right == right * count => {
                *outer = BinaryAxis {
                    count: outer.count * count,
                    left,
                    right,
                };
            }
            _ => axes.push(BinaryAxis { count, left, right }),
        }
    }
    axes
}
