//! A ReLU or ReLU6 behind an operator that can clamp its own output is fused to it, where both have the same
//! parameters: whether that gives the same bytes is seen from the function's table, whatever it is called.
//! Between different parameters it would round once instead of twice, so it stays.

use ember_ir::{Activation, BinaryFunction, Op, Quant, QuantGraph};

use super::rewrite::{self, is_read_once, writer};
use crate::lower::{clamp, unary};

/// Runs the pass.
pub(super) fn run(mut network: QuantGraph) -> QuantGraph {
    let mut keep = vec![true; network.graph.nodes.len()];
    for (index, keep) in keep.iter_mut().enumerate() {
        let node = &network.graph.nodes[index];
        let Op::Unary(op) = &node.op else { continue };
        let (between, output) = (node.inputs[0], node.output);
        let [quant, after] = [between, output].map(|id| network.quants[id.0]);
        let Some(before) = writer(&network.graph, between) else {
            continue;
        };
        if quant != after || !is_read_once(&network.graph, between) {
            continue;
        }
        let table = unary::table_of(op, network.params[index].as_ref(), quant, after);
        let Some(activation) = activation(&mut network.graph.nodes[before].op) else {
            continue;
        };
        if let Some(fused) = fused(&table, *activation, quant) {
            *activation = fused;
            network.graph.nodes[before].output = output;
            *keep = false;
        }
    }
    rewrite::retain_nodes(network, &keep)
}

/// The activation that clamps as `before` and then the table do.
fn fused(table: &[i8; 256], before: Activation, quant: Quant) -> Option<Activation> {
    let clamped = |x: i8, activation| {
        let [low, high] = clamp(activation, quant);
        // Not `clamp`, which panics where a bound is out of order.
        x.max(low).min(high)
    };
    let candidates = [Activation::None, Activation::Relu, Activation::Relu6];
    candidates.into_iter().find(|&candidate| {
        (i8::MIN..=i8::MAX).all(|x| {
            let y = table[usize::from(clamped(x, before).cast_unsigned())];
            y == clamped(x, candidate)
        })
    })
}

/// The activation of an operator that has one.
fn activation(op: &mut Op) -> Option<&mut Activation> {
    match op {
        Op::Conv2d(op) => Some(&mut op.activation),
        Op::DepthwiseConv2d(op) => Some(&mut op.activation),
        Op::Dense(op) => Some(&mut op.activation),
        Op::TransposeConv2d(op) => Some(&mut op.activation),
        Op::Add(op) => Some(&mut op.activation),
        Op::AveragePool2d(op) => Some(&mut op.activation),
        Op::MaxPool2d(op) => Some(&mut op.activation),
        Op::Binary(op) => match op.function {
            BinaryFunction::Sub | BinaryFunction::Mul => Some(&mut op.activation),
            BinaryFunction::Maximum | BinaryFunction::Minimum | BinaryFunction::Prelu => None,
        },
        Op::Mean(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::ResizeBilinear(_)
        | Op::Matmul(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Svdf(_)
        | Op::Unary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Constant(_) => None,
    }
}
