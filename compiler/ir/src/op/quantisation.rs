//! What integers ask of an operator: fixed ranges, shared parameters, 16-bit activations.

use super::{ArgMax, Embedding, Function, L2Norm, LogSoftmax, Move, Op, ReduceFunction};
use crate::{Element, Quant, Shape};

impl Op {
    /// The scale and zero point that the int8 output always has, where the operator's range is known.
    pub fn fixed_output(&self) -> Option<Quant> {
        match self {
            Op::Softmax(_) => Some(Quant {
                scale: 1.0 / 256.0,
                zero_point: -128,
            }),
            Op::Unary(op) => op.function.fixed_output(),
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_)
            | Op::Svdf(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::TransposeConv2d(_)
            | Op::ResizeBilinear(_)
            | Op::Matmul(_)
            | Op::Embedding(_)
            | Op::Constant(_) => None,
            Op::LogSoftmax(_) => Some(LogSoftmax::QUANT),
            Op::L2Norm(_) => Some(L2Norm::QUANT),
            Op::ArgMax(_) => Some(ArgMax::QUANT),
        }
    }

    /// The scale and zero point that the int8 input always has, where it is numbers and not amounts.
    pub fn fixed_input(&self) -> Option<Quant> {
        matches!(self, Op::Embedding(_)).then_some(Embedding::INPUT)
    }

    /// Whether the int8 output has the scale and zero point of all inputs: operators that compute nothing new,
    /// such as pools, reshapes and whatever moves or picks elements.
    pub fn shares_quant(&self) -> bool {
        match self {
            Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Reshape(_)
            | Op::Move(_)
            | Op::ResizeBilinear(_) => true,
            Op::Binary(op) => op.function.picks(),
            Op::Reduce(op) => op.function == ReduceFunction::Max,
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::Mean(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Svdf(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_)
            | Op::Unary(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::TransposeConv2d(_)
            | Op::Constant(_) => false,
        }
    }

    /// Whether there is a kernel of it for 16-bit activations.
    pub fn has_int16(&self) -> bool {
        match self {
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Reshape(_)
            | Op::Move(_) => true,
            Op::Unary(op) => op.function == Function::Quantize,
            Op::Mean(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::TransposeConv2d(_)
            | Op::ResizeBilinear(_)
            | Op::Matmul(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_)
            | Op::Svdf(_)
            | Op::Binary(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Constant(_) => false,
        }
    }

    /// What it cannot do with tensors of these shapes and types, if one of them is int16.
    pub fn int16_problem(
        &self,
        inputs: &[(&Shape, Element)],
        output: (&Shape, Element),
    ) -> Option<&'static str> {
        let is_int16 = |&(_, element): &(&Shape, Element)| element == Element::Int16;
        let tensors = || inputs.iter().chain([&output]);
        if !tensors().any(is_int16) {
            None
        } else if !self.has_int16() {
            Some("it has no kernel for int16 activations")
        } else if !matches!(self, Op::Unary(_)) && !tensors().all(is_int16) {
            Some("int8 and int16 meet, and only quantize converts")
        } else if matches!(self, Op::Add(_)) && inputs.iter().any(|input| input.0 != output.0) {
            Some("int16 tensors are added only if their shapes are equal")
        } else if matches!(self, Op::Move(Move::Pad(pad)) if pad.fill.get() != 0.0) {
            Some("int16 tensors are padded only with zeros")
        } else {
            None
        }
    }
}
