//! Product of matrices.

use ember_ir::{Matmul, Shape, broadcast_strides};

pub(super) fn run(op: &Matmul, inputs: [(&Shape, &[f32]); 2], to: &Shape) -> Vec<f32> {
    let [(left_shape, left), (right_shape, right)] = inputs;
    let depth = op.depth(left_shape);
    let sizes = |shape: &Shape| {
        let (batches, matrix) = shape.dims().split_at(shape.dims().len() - 2);
        (Shape::new(batches), [matrix[0], matrix[1]])
    };
    let ((lefts, [left_height, left_width]), (rights, [right_height, right_width])) =
        (sizes(left_shape), sizes(right_shape));
    let (batches, [rows, columns]) = sizes(to);
    let own = [&lefts, &rights].map(|shape| broadcast_strides(shape, &batches));
    // The number of a batch's matrix.
    let matrix = |side: usize, batch: usize| {
        let axes = batches.dims().iter().zip(&own[side]).rev();
        let step = |(rest, number): (usize, usize), (&count, &stride): (&usize, &usize)| {
            (rest / count, number + rest % count * stride)
        };
        axes.fold((batch, 0), step).1
    };
    let mut output = Vec::with_capacity(to.elements());
    for batch in 0..batches.elements() {
        let left = &left[matrix(0, batch) * left_height * left_width..];
        let right = &right[matrix(1, batch) * right_height * right_width..];
        for row in 0..rows {
            for column in 0..columns {
                let product = |k: usize| {
                    let l = match op.transpose_left {
                        false => left[row * left_width + k],
                        true => left[k * left_width + row],
                    };
                    let r = match op.transpose_right {
                        false => right[k * right_width + column],
                        true => right[column * right_width + k],
                    };
                    l * r
                };
                output.push((0..depth).map(product).sum());
            }
        }
    }
    output
}
