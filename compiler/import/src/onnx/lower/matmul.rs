//! Gemm and MatMul with one constant matrix; other products of MatMul are in [`super::product`]. A single row is a dense layer: that reads its input in memory
//! order, so the weights' columns are put into that order instead of moving data. Several rows are a
//! convolution of 1×1.

use ember_ir::{Activation, Conv2d, Dense, FloatParams, Op, Shape, Window2d};

use super::{affine, product, spread};
use crate::onnx::constant::Constant;
use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::{EXPORT_AGAIN, Site};
use crate::onnx::view::View;

/// Weights as `[out, in]`.
struct Matrix {
    outputs: usize,
    inputs: usize,
    values: Vec<f32>,
    scales: Option<Vec<f32>>,
}

pub(super) fn gemm(site: &mut Site<'_>) -> Option<()> {
    let has_values = matches!(site.value(0), Some(Value::Constant(_)))
        || matches!(site.value(1), Some(Value::Activation(_)))
        || matches!(site.value(2), Some(Value::Activation(_)));
    if has_values {
        return product::gemm(site);
    }
    let data = site.activation(0)?;
    let weights = site.constant(1, "second input")?;
    let bias = site.optional(2, "bias")?;
    let beta = site.float("beta", 1.0);
    multiplied(site, &data, &weights, bias.as_deref(), beta)
}

/// `alpha`·A·B + `beta`·C for constant B and C; which of A and B are transposed, and `alpha`, are attributes.
pub(super) fn multiplied(
    site: &mut Site<'_>,
    data: &Data,
    weights: &Constant,
    bias: Option<&Constant>,
    beta: f32,
) -> Option<()> {
    let data = match site.int("transA", 0) {
        0 => data.clone(),
        _ => {
            let rank = data.view.sizes().len();
            let turned: Vec<usize> = (0..rank).rev().collect();
            Data::new(data.view.transposed(&turned), data.exclusive)
        }
    };
    let alpha = site.float("alpha", 1.0);
    let is_transposed = site.int("transB", 0) != 0;
    let mut matrix = matrix(site, weights, is_transposed)?;
    if alpha != 1.0 {
        matrix.values.iter_mut().for_each(|value| *value *= alpha);
        // Integers stay what they are, in other steps.
        let scales = matrix.scales.take().into_iter().flatten();
        let scales: Vec<f32> = scales.map(|scale| scale * alpha.abs()).collect();
        let usable = !scales.is_empty() && scales.iter().all(|scale| scale.is_normal());
        matrix.scales = usable.then_some(scales);
    }
    let per_output = bias.is_none_or(|bias| [1, matrix.outputs].contains(&bias.len()));
    let values = match bias {
        Some(bias) if per_output => bias.to_floats(),
        _ => vec![0.0],
    };
    let value = |index: usize| beta * values[index % values.len()];
    let biases = (0..matrix.outputs).map(value).collect();
    let output = multiply(site, &data, matrix, biases)?;
    let Some(bias) = bias.filter(|_| !per_output) else {
        return site.write(output);
    };
    // One per row, or per row and output.
    let output = Data::new(output, true);
    let spread = spread::broadcast(site, &output, bias)?;
    let spread: Vec<f32> = spread.iter().map(|value| beta * value).collect();
    affine::scale(site, &output, &vec![1.0; spread.len()], &spread)
}

pub(super) fn matmul(site: &mut Site<'_>) -> Option<()> {
    match (site.value(0), site.value(1)) {
        (Some(Value::Activation(_)), Some(Value::Constant(weights))) if is_matrix(&weights) => {
            let data = site.activation(0)?;
            product(site, &data, &weights)
        }
        _ => product::product(site, [0, 1]),
    }
}

/// Whether a constant is one matrix for all.
fn is_matrix(weights: &Constant) -> bool {
    let batches = weights.dims.len().checked_sub(2);
    batches.is_some_and(|batches| weights.dims[..batches].iter().all(|&dim| dim == 1))
}

/// A product with a constant matrix.
pub(super) fn product(site: &mut Site<'_>, data: &Data, weights: &Constant) -> Option<()> {
    let matrix = matrix(site, weights, false)?;
    let bias = vec![0.0; matrix.outputs];
    let output = multiply(site, data, matrix, bias)?;
    site.write(output)
}

/// Constant weights with outputs first. `is_transposed`: they lie so already.
fn matrix(site: &mut Site<'_>, weights: &Constant, is_transposed: bool) -> Option<Matrix> {
    let [rest @ .., rows, columns] = weights.dims.as_slice() else {
        site.problem(
            format!("its second input has the shape {:?}", weights.dims),
            "a matrix is supported",
        );
        return None;
    };
    site.require(
        rest.iter().all(|&dim| dim == 1) && *rows > 0 && *columns > 0,
        &format!("its second input has the shape {:?}", weights.dims),
        "one matrix for all is supported",
    )?;
    site.spend(weights.len())?;
    let (rows, columns) = (*rows, *columns);
    let values = weights.to_floats();
    let axis = weights.dims.len() - if is_transposed { 2 } else { 1 };
    let scales = site.channel_scales(weights, axis)?;
    Some(match is_transposed {
        true => Matrix {
            outputs: rows,
            inputs: columns,
            values,
            scales,
        },
        false => Matrix {
            outputs: columns,
            inputs: rows,
            values: (0..columns)
                .flat_map(|column| (0..rows).map(move |row| (row, column)))
                .map(|(row, column)| values[row * columns + column])
                .collect(),
            scales,
        },
    })
}

/// A dense layer or a convolution; the value that it writes.
fn multiply(site: &mut Site<'_>, data: &Data, matrix: Matrix, bias: Vec<f32>) -> Option<View> {
    let view = &data.view;
    let mut sizes = view.sizes();
    let elements = view.elements();
    let inputs = matrix.inputs;
    let is_row = elements == inputs && sizes.last() == Some(&inputs);
    site.require(
        sizes.last() == Some(&inputs),
        &format!("its input is {sizes:?}, its weights take {inputs}"),
        EXPORT_AGAIN,
    )?;
    match sizes.last_mut() {
        Some(last) => *last = matrix.outputs,
        None => sizes.push(matrix.outputs),
    }
    if is_row {
        let numbers = view.numbers();
        let rows = matrix.values.chunks_exact(inputs);
        let weights = rows
            .flat_map(|row| numbers.iter().map(|&number| row[number]))
            .collect();
        let op = Op::Dense(Dense {
            over_rows: false,
            out_features: matrix.outputs,
            activation: Activation::None,
        });
        let output = site.add(op, &[view.tensor], Some(FloatParams { weights, bias }))?;
        site.to.set_scales(output, matrix.scales);
        return Some(View::plain(output, &sizes));
    }
    let order: Vec<usize> = (0..sizes.len()).collect();
    let name = site.name();
    let shape = Shape::from([1, elements / inputs, inputs]);
    let tensor = site.to.stored(&name, view, &order, shape);
    let tensor = site.check(tensor)?;
    let op = Op::Conv2d(Conv2d {
        window: Window2d::valid([1, 1], [1, 1]),
        out_channels: matrix.outputs,
        activation: Activation::None,
    });
    let params = FloatParams {
        weights: matrix.values,
        bias,
    };
    let output = site.add(op, &[tensor], Some(params))?;
    site.to.set_scales(output, matrix.scales);
    Some(View::plain(output, &sizes))
}
