//! Recurrent layers in burn: the weights as the IR has them, cut into what the lanes' operators take.

use burn::tensor::{Device, Tensor};
use ember_ir::{Activation, Cell, DartsCell, Op, Slice, Window2d};

use super::Numerics;
use super::leaves::NodeLeaves;
use crate::lanes;

/// What about a recurrent operator cannot be trained, if something cannot.
pub(super) fn untrainable(op: &Op) -> Option<&'static str> {
    match op {
        Op::Lstm(op) if op.stateful => Some("a recurrent layer that keeps its state"),
        Op::Lstm(op) if op.clip.get().is_finite() => {
            Some("a long short-term memory whose cells are clipped")
        }
        Op::Recurrent(op) if op.stateful => Some("a recurrent layer that keeps its state"),
        Op::DartsCell(op) if op.stateful => Some("a recurrent layer that keeps its state"),
        Op::Recurrent(op) => match op.cell {
            Cell::GruResetAfter => None,
            Cell::RnnTanh | Cell::RnnRelu => Some("a recurrent layer without gates"),
            Cell::Gru => Some("a gated recurrent unit whose reset comes before the product"),
        },
        _ => None,
    }
}

/// Hidden values of every step. Kernels are told in two parts, of inputs and of hidden values, channels being
/// what shares a scale in int8: a row, or the rows of a gate.
pub(super) fn run(
    node: usize,
    op: &Op,
    own: &NodeLeaves,
    x: Tensor<5>,
    numerics: &mut dyn Numerics,
) -> Tensor<5> {
    if let Op::DartsCell(op) = op {
        return darts_cell(node, op, own, x, numerics);
    }
    let (cell, units, shared) = match op {
        Op::Lstm(op) => (lanes::Cell::Lstm, op.hidden, op.hidden),
        Op::Recurrent(op) => (lanes::Cell::Gru, op.hidden, 1),
        _ => unreachable!("BUG: {} is not recurrent", op.name()),
    };
    let rows = cell.gates() * units;
    let inputs = own.kernel.dims()[3] - units;
    let mut part = |start: usize, count: usize| {
        let kernel = own.kernel.clone().narrow(3, start, count);
        let grouped = kernel.reshape([rows / shared, 1, shared, count]);
        numerics.kernel(node, grouped, 0)
    };
    let of_inputs = part(0, inputs).reshape([rows, 1, 1, inputs]);
    let of_hidden = part(inputs, units).reshape([rows, units]);
    let [_, height, width, _, _] = x.dims();
    let one = Window2d::valid([1, 1], [1, 1]);
    let weighted = lanes::conv2d(x, of_inputs, one, [height, width, rows]);
    let bias = own.bias.clone().narrow(0, 0, rows);
    let weighted = lanes::biased(weighted, bias, Activation::None);
    let device = own.bias.device();
    let of_products = match cell {
        lanes::Cell::Gru => {
            let candidate = own.bias.clone().narrow(0, rows, units);
            Tensor::cat(vec![zeros(rows - units, &device), candidate], 0)
        }
        lanes::Cell::Lstm => zeros(rows, &device),
    };
    let weights = Tensor::cat(vec![of_hidden, of_products.reshape([rows, 1])], 1);
    lanes::recurrent(cell, weighted, weights)
}

/// As [`run`], of DARTS' cell: a row has a part of inputs, then one of what each gated step reads.
fn darts_cell(
    node: usize,
    op: &DartsCell,
    own: &NodeLeaves,
    x: Tensor<5>,
    numerics: &mut dyn Numerics,
) -> Tensor<5> {
    let (rows, units) = (op.rows(), op.hidden);
    let inputs = own.kernel.dims()[3] - op.stages() * units;
    let mut part = |start: usize, count: usize| {
        let kernel = own.kernel.clone().narrow(3, start, count);
        numerics.kernel(node, kernel.reshape([rows, 1, 1, count]), 0)
    };
    let of_inputs = part(0, inputs);
    let bias = |stage: usize| own.bias.clone().narrow(0, stage * rows, rows);
    let stages = (0..op.stages()).map(|stage| {
        let of_states = part(inputs + stage * units, units).reshape([rows, units]);
        let bias = match stage {
            // With the inputs.
            0 => zeros(rows, &own.bias.device()),
            _ => bias(stage),
        };
        Tensor::cat(vec![of_states, bias.reshape([rows, 1])], 1)
    });
    let weights = Tensor::cat(stages.collect(), 0);
    let [_, height, width, _, _] = x.dims();
    let one = Window2d::valid([1, 1], [1, 1]);
    let weighted = lanes::conv2d(x, of_inputs, one, [height, width, rows]);
    let weighted = lanes::biased(weighted, bias(0), Activation::None);
    lanes::darts_cell(op.nodes, weighted, weights)
}

fn zeros(count: usize, device: &Device) -> Tensor<1> {
    Tensor::zeros([count], device)
}

/// Whether [`sliced`] can take it: neighbours of an image, a sequence or a vector.
pub(super) fn is_plain(op: &Slice) -> bool {
    (1..=3).contains(&op.begin.len()) && op.step.iter().all(|&step| step == 1)
}

/// A range of every axis.
pub(super) fn sliced(op: &Slice, x: Tensor<5>) -> Tensor<5> {
    // A slice has an axis per dimension, the last of which are ours.
    let first = 4 - op.begin.len();
    let axes = op.begin.iter().zip(&op.size).enumerate();
    axes.fold(x, |x, (axis, (&begin, &size))| {
        x.narrow(first + axis, begin, size)
    })
}
