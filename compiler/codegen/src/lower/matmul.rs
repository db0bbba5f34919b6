//! Product of matrices: d = S1·S2/S_out, of which TensorFlow Lite takes the product in f32. Axes of batches along
//! which both tensors go on alike become one.

use ember_ir::{Graph, Matmul, Multiplier, Node, Shape, broadcast_strides};
use ember_runtime::params::{BinaryAxis, MatmulParams};

use super::{Context, Overflow, requant};

/// Largest product of two differences of i8.
const PRODUCT: u128 = 255 * 255;

pub(super) fn lower(
    context: &Context<'_>,
    op: &Matmul,
    overflows: &mut Vec<Overflow>,
) -> MatmulParams {
    let (left, right, output) = (context.input(0), context.input(1), context.output());
    let product = f64::from(left.scale * right.scale);
    let factor = Multiplier::new(product / f64::from(output.scale));
    let (batches, [rows, columns, depth]) = axes(context.graph, context.node, op);
    let bound = PRODUCT * depth.count as u128;
    requant::prove(context, 0, bound, factor, overflows);
    let mut all = [BinaryAxis::ONE, BinaryAxis::ONE, rows, columns];
    match *batches {
        [] => {}
        [one] => all[1] = one,
        [outer, inner] => (all[0], all[1]) = (outer, inner),
        _ => overflows.push(Overflow {
            node: context.name().to_owned(),
            channel: 0,
            quantity: "the number of axes of batches that are repeated differently",
            bound: batches.len() as u128,
            limit: 2,
        }),
    }
    MatmulParams {
        axes: all,
        depth,
        left_zero: left.zero_point,
        right_zero: right.zero_point,
        output_zero: output.zero_point,
        scale: requant::scale(factor),
        rounding: context.rounding(),
    }
}

/// The axes of the batches, as few as possible; rows, columns, and what is summed over.
pub(crate) fn axes(graph: &Graph, node: &Node, op: &Matmul) -> (Vec<BinaryAxis>, [BinaryAxis; 3]) {
    let shapes = [0, 1].map(|index| graph.tensor(node.inputs[index]).shape.dims());
    let output = graph.output_shape(node).dims();
    let matrix = |dims: &[usize]| -> [usize; 2] {
        let last = dims.last_chunk::<2>();
        *last.unwrap_or_else(|| panic!("BUG: verified product of vectors"))
    };
    let [[_, left_width], [_, right_width]] = shapes.map(matrix);
    let [rows, columns] = matrix(output);
    let depth = op.depth(&graph.tensor(node.inputs[0]).shape);
    // Elements from one row and one column of a matrix to the next.
    let (row, left_depth) = match op.transpose_left {
        false => (left_width, 1),
        true => (1, left_width),
    };
    let (right_depth, column) = match op.transpose_right {
        false => (right_width, 1),
        true => (1, right_width),
    };
    let batches = Shape::new(&output[..output.len() - 2]);
    let strides = shapes.map(|dims| {
        let [height, width] = matrix(dims);
        let own = Shape::new(&dims[..dims.len() - 2]);
        let strides = broadcast_strides(&own, &batches).into_iter();
        strides
            .map(|stride| stride * height * width)
            .collect::<Vec<_>>()
    });
    let mut merged: Vec<BinaryAxis> = Vec::new();
    for ((&count, &left), &right) in batches.dims().iter().zip(&strides[0]).zip(&strides[1]) {
        if count == 1 {
            continue;
        }
        match merged.last_mut() {
            Some(outer) if outer.left == left * count && outer.right == right * count => {
                *outer = BinaryAxis {
                    count: outer.count * count,
                    left,
                    right,
                };
            }
            _ => merged.push(BinaryAxis { count, left, right }),
        }
    }
    let axis = |count, left, right| BinaryAxis { count, left, right };
    let matrices = [
        axis(rows, row, 0),
        axis(columns, 0, column),
        axis(depth, left_depth, right_depth),
    ];
    (merged, matrices)
}
