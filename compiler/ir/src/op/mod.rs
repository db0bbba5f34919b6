//! The closed set of operators. One file per operator: attributes, shape inference, weight shape,
//! multiply-accumulate count; what every operator is asked lies in `weights.rs` and `quantisation.rs`.
//! [`Op`] is matched without a wildcard everywhere, so that a new operator is a compile error in every
//! stage that does not handle it yet.

mod add;
mod arg_max;
mod binary;
mod constant;
mod conv2d;
mod darts_cell;
mod dense;
mod depthwise_conv2d;
mod embedding;
mod error;
mod l2_norm;
mod log_softmax;
mod lstm;
mod matmul;
mod mean;
mod movement;
mod pool2d;
mod quantisation;
mod real;
mod recurrent;
mod reduce;
mod reshape;
mod resize_bilinear;
mod softmax;
mod svdf;
mod transpose_conv2d;
mod unary;
mod weights;
mod window;

pub use add::Add;
pub use arg_max::ArgMax;
pub use binary::{Binary, BinaryFunction, broadcast_strides};
pub use constant::Constant;
pub use conv2d::Conv2d;
pub use darts_cell::{CellFunction, CellNode, CellNodes, DartsCell, MAX_CELL_NODES};
pub use dense::Dense;
pub use depthwise_conv2d::DepthwiseConv2d;
pub use embedding::Embedding;
pub use error::ShapeError;
pub use l2_norm::L2Norm;
pub use log_softmax::LogSoftmax;
pub use lstm::{GATES, Lstm};
pub use matmul::Matmul;
pub use mean::Mean;
pub use movement::{
    Block, BlockAxis, Concat, Coordinates, DepthToSpace, Gather, MirrorPad, Move, Pad,
    ResizeNearest, Slice, SpaceToDepth, Transpose,
};
pub use pool2d::{AveragePool2d, MaxPool2d};
pub use real::Real;
pub use recurrent::{Cell, Recurrent};
pub use reduce::{Reduce, ReduceFunction};
pub use reshape::Reshape;
pub use resize_bilinear::ResizeBilinear;
pub use softmax::Softmax;
pub use svdf::Svdf;
pub use transpose_conv2d::TransposeConv2d;
pub use unary::{Function, Unary};
pub use window::{Padding, Window2d};

use serde::{Deserialize, Serialize};

use crate::Shape;
use error::{positive, spatial};

/// An operator with its attributes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Op {
    /// Dense 2-D convolution.
    Conv2d(Conv2d),
    /// One filter (or `multiplier` filters) per input channel.
    DepthwiseConv2d(DepthwiseConv2d),
    /// Fully connected layer over all elements of its input.
    Dense(Dense),
    /// Element-wise sum of two tensors.
    Add(Add),
    /// Another element-wise function of two tensors.
    Binary(Binary),
    /// Mean over a sliding window.
    AveragePool2d(AveragePool2d),
    /// Maximum over a sliding window.
    MaxPool2d(MaxPool2d),
    /// Mean over height and width: `[H, W, C]` → `[C]` (global average pooling).
    Mean(Mean),
    /// The same elements under another shape.
    Reshape(Reshape),
    /// Softmax over the last axis.
    Softmax(Softmax),
    /// Logarithm of softmax over the last axis.
    LogSoftmax(LogSoftmax),
    /// Rows of the last axis divided by their Euclidean length.
    L2Norm(L2Norm),
    /// Rows of a table by their number.
    Embedding(Embedding),
    /// Filter over the last steps of a stream, which it keeps from call to call.
    Svdf(Svdf),
    /// Long short-term memory over a sequence.
    Lstm(Lstm),
    /// A recurrent layer or gated recurrent units over a sequence.
    Recurrent(Recurrent),
    /// The recurrent cell that DARTS searches, over a sequence.
    DartsCell(DartsCell),
    /// A function of one number, applied to each element.
    Unary(Unary),
    /// Elements elsewhere: padding, slices, transposition and the like.
    Move(Move),
    /// Mean, sum or maximum over any axes.
    Reduce(Reduce),
    /// Index of the largest element along an axis.
    ArgMax(ArgMax),
    /// Transposed 2-D convolution.
    TransposeConv2d(TransposeConv2d),
    /// An image of another size, weighted from neighbouring pixels.
    ResizeBilinear(ResizeBilinear),
    /// Product of matrices.
    Matmul(Matmul),
    /// A tensor that is the same for every sample; has no inputs.
    Constant(Constant),
}

/// A function fused to the output of an operator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// The identity.
    #[default]
    None,
    /// max(0, x).
    Relu,
    /// min(max(0, x), 6).
    Relu6,
}

impl Op {
    /// The operator's name in the text form.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Conv2d(_) => "conv2d",
            Op::DepthwiseConv2d(_) => "depthwise_conv2d",
            Op::Dense(_) => "dense",
            Op::Add(_) => "add",
            Op::AveragePool2d(_) => "average_pool2d",
            Op::MaxPool2d(_) => "max_pool2d",
            Op::Mean(_) => "mean",
            Op::Reshape(_) => "reshape",
            Op::Softmax(_) => "softmax",
            Op::LogSoftmax(_) => "log_softmax",
            Op::L2Norm(_) => "l2_norm",
            Op::Embedding(_) => "embedding",
            Op::Svdf(_) => "svdf",
            Op::Lstm(_) => "lstm",
            Op::Recurrent(op) => op.cell.name(),
            Op::DartsCell(_) => "darts_cell",
            Op::Unary(_) => "unary",
            Op::Binary(op) => op.function.name(),
            Op::Move(op) => op.name(),
            Op::Reduce(op) => op.function.name(),
            Op::ArgMax(_) => "arg_max",
            Op::TransposeConv2d(_) => "transpose_conv2d",
            Op::Matmul(_) => "matmul",
            Op::ResizeBilinear(_) => "resize_bilinear",
            Op::Constant(_) => "constant",
        }
    }

    /// Shape of the output for these input shapes.
    pub fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let arity = match self {
            Op::Add(_) | Op::Binary(_) | Op::Matmul(_) => 2,
            Op::Constant(_) => 0,
            Op::Move(op) => op.arity().unwrap_or(inputs.len().max(1)),
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Svdf(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_)
            | Op::Unary(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::ResizeBilinear(_)
            | Op::TransposeConv2d(_) => 1,
        };
        if inputs.len() != arity {
            return Err(ShapeError::Arity {
                op: self.name(),
                expected: arity,
                actual: inputs.len(),
            });
        }
        match self {
            Op::Conv2d(op) => op.output_shape(inputs[0]),
            Op::DepthwiseConv2d(op) => op.output_shape(inputs[0]),
            Op::Dense(op) => op.output_shape(inputs[0]),
            Op::Add(_) => binary::broadcast("add", inputs[0], inputs[1]),
            Op::AveragePool2d(op) => pool2d::output_shape("average_pool2d", &op.window, inputs[0]),
            Op::MaxPool2d(op) => pool2d::output_shape("max_pool2d", &op.window, inputs[0]),
            Op::Mean(_) => mean::output_shape(inputs[0]),
            Op::Reshape(op) => op.output_shape(inputs[0]),
            Op::Softmax(_) => softmax::output_shape(inputs[0]),
            Op::LogSoftmax(_) => log_softmax::output_shape(inputs[0]),
            Op::L2Norm(_) => l2_norm::output_shape(inputs[0]),
            Op::Embedding(op) => op.output_shape(inputs[0]),
            Op::Svdf(op) => op.output_shape(inputs[0]),
            Op::Lstm(op) => op.output_shape(inputs[0]),
            Op::Recurrent(op) => op.output_shape(inputs[0]),
            Op::DartsCell(op) => op.output_shape(inputs[0]),
            Op::Unary(op) => op.output_shape(inputs[0]),
            Op::Binary(op) => op.output_shape(inputs[0], inputs[1]),
            Op::Move(op) => op.output_shape(inputs),
            Op::Reduce(op) => op.output_shape(inputs[0]),
            Op::ArgMax(op) => op.output_shape(inputs[0]),
            Op::TransposeConv2d(op) => op.output_shape(inputs[0]),
            Op::Matmul(op) => op.output_shape(inputs[0], inputs[1]),
            Op::ResizeBilinear(op) => op.output_shape(inputs[0]),
            Op::Constant(op) => op.output_shape(),
        }
    }

    /// The fused activation; operators without one have [`Activation::None`].
    pub fn activation(&self) -> Activation {
        match self {
            Op::Conv2d(op) => op.activation,
            Op::DepthwiseConv2d(op) => op.activation,
            Op::Dense(op) => op.activation,
            Op::TransposeConv2d(op) => op.activation,
            Op::Add(op) => op.activation,
            Op::Svdf(op) => op.activation,
            Op::Binary(op) => op.activation,
            Op::AveragePool2d(op) => op.activation,
            Op::MaxPool2d(op) => op.activation,
            Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_)
            | Op::Unary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_)
            | Op::Constant(_) => Activation::None,
        }
    }
}
