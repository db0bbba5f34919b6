//! The finest output scale that an operator without weights can compute.
//!
//! A sum of at most B steps of size s becomes outputs of step S by the factor s/S, and B·s/S must stay below 2³¹,
//! also after the factor is rounded up to a power of two. Outputs in steps finer than that would be noise in any
//! case: a millionth of the steps that they are made of. With weights nothing is said here, since their own
//! scales belong to the factor.

use ember_ir::{BinaryFunction, Graph, Node, Op, Quant, ReduceFunction};

/// Part of an input's step that an output's may be: 255 steps shifted left by 20, as sums are, keep 2 bits of 31.
const OF_STEP: f64 = 1.0 / (1 << 20) as f64;
/// The same for products of two numbers of 8 bits, where nothing is shifted.
const OF_PRODUCT: f64 = 1.0 / (1 << 13) as f64;
/// An LSTM's outputs are products of two numbers of 15 bits after the point, those of other recurrent layers have
/// 15 bits.
const OF_LSTM: f64 = 1.0 / (1 << 28) as f64;

/// The least scale that a node's output may have; 0 where none is known.
pub(super) fn finest(graph: &Graph, node: &Node, quants: &[Quant]) -> f64 {
    let step = |slot: usize| f64::from(quants[node.inputs[slot].0].scale);
    let input = || &graph.tensor(node.inputs[0]).shape;
    match &node.op {
        Op::Add(_) => step(0).max(step(1)) * OF_STEP,
        Op::Binary(op) => match op.function {
            BinaryFunction::Sub => step(0).max(step(1)) * OF_STEP,
            BinaryFunction::Mul => step(0) * step(1) * OF_PRODUCT,
            BinaryFunction::Prelu => (step(0) * OF_STEP).max(step(0) * step(1) * OF_PRODUCT),
            BinaryFunction::Maximum | BinaryFunction::Minimum => 0.0,
        },
        Op::Mean(_) => step(0) * OF_STEP,
        Op::Reduce(op) => match op.function {
            ReduceFunction::Mean => step(0) * OF_STEP,
            ReduceFunction::Sum => step(0) * op.count(input()) as f64 * OF_STEP,
            ReduceFunction::Max => 0.0,
        },
        Op::Matmul(op) => step(0) * step(1) * op.depth(input()) as f64 * OF_PRODUCT,
        Op::Lstm(_) | Op::Recurrent(_) | Op::DartsCell(_) => OF_LSTM,
        Op::Conv2d(_)
        | Op::DepthwiseConv2d(_)
        | Op::Dense(_)
        | Op::TransposeConv2d(_)
        | Op::Svdf(_)
        | Op::AveragePool2d(_)
        | Op::MaxPool2d(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::Unary(_)
        | Op::Move(_)
        | Op::ArgMax(_)
        | Op::ResizeBilinear(_)
        | Op::Constant(_) => 0.0,
    }
}
