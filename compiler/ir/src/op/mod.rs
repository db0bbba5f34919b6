//! The closed set of operators. One file per operator: attributes, shape inference, weight shape,
//! multiply-accumulate count. [`Op`] is matched without a wildcard everywhere, so that a new operator
//! is a compile error in every stage that does not handle it yet.

mod add;
mod arg_max;
mod binary;
mod constant;
mod conv2d;
mod dense;
mod depthwise_conv2d;
mod l2_norm;
mod log_softmax;
mod lstm;
mod matmul;
mod mean;
mod movement;
mod pool2d;
mod real;
mod recurrent;
mod reduce;
mod reshape;
mod resize_bilinear;
mod softmax;
mod svdf;
mod transpose_conv2d;
mod unary;
mod window;

pub use add::Add;
pub use arg_max::ArgMax;
pub use binary::{Binary, BinaryFunction, broadcast_strides};
pub use constant::Constant;
pub use conv2d::Conv2d;
pub use dense::Dense;
pub use depthwise_conv2d::DepthwiseConv2d;
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

use crate::{Element, Quant, Shape};

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
    /// Filter over the last steps of a stream, which it keeps from call to call.
    Svdf(Svdf),
    /// Long short-term memory over a sequence.
    Lstm(Lstm),
    /// A recurrent layer or gated recurrent units over a sequence.
    Recurrent(Recurrent),
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

/// Why an operator cannot take its inputs.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ShapeError {
    /// Wrong number of inputs.
    #[error("{op} takes {expected} input(s), it was given {actual}")]
    Arity {
        /// Name of the operator.
        op: &'static str,
        /// How many it takes.
        expected: usize,
        /// How many it got.
        actual: usize,
    },
    /// The input has the wrong rank.
    #[error("{op} needs an input of shape {expected}, it was given {actual}")]
    Rank {
        /// Name of the operator.
        op: &'static str,
        /// What it wants, in words.
        expected: &'static str,
        /// What it got.
        actual: Shape,
    },
    /// The window does not fit the padded input.
    #[error("{op}: a window of {window} does not fit the padded {axis} of {size}")]
    WindowTooLarge {
        /// Name of the operator.
        op: &'static str,
        /// `height` or `width`.
        axis: &'static str,
        /// The dilated window's extent.
        window: usize,
        /// The padded input's extent.
        size: usize,
    },
    /// An attribute that must be positive is zero, or padding is not smaller than the window.
    #[error("{op}: {attribute} is {value}; it must be {rule}")]
    Attribute {
        /// Name of the operator.
        op: &'static str,
        /// Name of the attribute.
        attribute: &'static str,
        /// Its value.
        value: usize,
        /// What it must be.
        rule: &'static str,
    },
    /// A real attribute is not what it must be.
    #[error("{op}: {attribute} is {value}; it must be {rule}")]
    Real {
        /// Name of the operator.
        op: &'static str,
        /// Name of the attribute.
        attribute: &'static str,
        /// Its value.
        value: Real,
        /// What it must be.
        rule: &'static str,
    },
    /// Two shapes that must be equal are not.
    #[error("{op}: shapes {left} and {right} differ")]
    Mismatch {
        /// Name of the operator.
        op: &'static str,
        /// First shape.
        left: Shape,
        /// Second shape.
        right: Shape,
    },
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
            Op::Svdf(_) => "svdf",
            Op::Lstm(_) => "lstm",
            Op::Recurrent(op) => op.cell.name(),
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
            | Op::Svdf(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
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
            Op::Svdf(op) => op.output_shape(inputs[0]),
            Op::Lstm(op) => op.output_shape(inputs[0]),
            Op::Recurrent(op) => op.output_shape(inputs[0]),
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

    /// Shape of the weights (conv and its transpose OHWI, depthwise `[1, H, W, C]`, dense `[out, in]`, the values
    /// of a constant or a table), or `None` for
    /// operators without weights. The input shape must be one that [`Op::output_shape`] accepts.
    pub fn weight_shape(&self, input: &Shape) -> Option<Shape> {
        match self {
            Op::Conv2d(op) => op.weight_shape(input),
            Op::DepthwiseConv2d(op) => op.weight_shape(input),
            Op::Dense(op) => Some(op.weight_shape(input)),
            Op::Lstm(op) => op.weight_shape(input),
            Op::Recurrent(op) => op.weight_shape(input),
            Op::TransposeConv2d(op) => op.weight_shape(input),
            Op::Svdf(op) => Some(op.weight_shape(input)),
            Op::Constant(op) => Some(op.shape.clone()),
            Op::Unary(op) => op.weight_shape(),
            Op::Add(_)
            | Op::Binary(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_) => None,
        }
    }

    /// Output channels of an operator with weights: the number of biases, multipliers and scales.
    pub fn weight_channels(&self, input: &Shape) -> Option<usize> {
        match self {
            Op::Conv2d(op) => Some(op.out_channels),
            Op::DepthwiseConv2d(op) => input.hwc().map(|[_, _, c]| c * op.multiplier),
            Op::Dense(op) => Some(op.out_features),
            Op::TransposeConv2d(op) => Some(op.out_channels),
            Op::Lstm(op) => Some(op.hidden.saturating_mul(GATES)),
            Op::Recurrent(op) => Some(op.hidden.saturating_mul(op.cell.biases())),
            // Beside the biases the weights over time.
            Op::Svdf(op) => Some(op.units.saturating_add(op.state())),
            // Scales and zero points are those of tensors.
            Op::Constant(_) => Some(0),
            Op::Unary(op) => op.weight_shape().map(|_| 0),
            Op::Add(_)
            | Op::Binary(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_) => None,
        }
    }

    /// Scales of int8 weights, unless one serves all: one per output channel, or of recurrent
    /// layers one per part (inputs, hidden values) and row, of a long short-term memory per part and gate.
    pub fn weight_scales(&self, input: &Shape) -> Option<usize> {
        match self {
            Op::Lstm(_) => Some(2 * GATES),
            Op::Recurrent(op) => Some(op.rows().saturating_mul(2)),
            Op::Svdf(_) => Some(2),
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_)
            | Op::TransposeConv2d(_)
            | Op::Constant(_) => self.weight_channels(input),
        }
    }

    /// Multiply-accumulates of one inference (padded taps counted, as is customary).
    pub fn macs(&self, input: &Shape, output: &Shape) -> u64 {
        let out = output.elements() as u64;
        if let Op::Matmul(op) = self {
            return out.saturating_mul(op.depth(input) as u64);
        }
        let Some(weights) = self.weight_shape(input) else {
            return 0;
        };
        let taps = weights.elements() as u64;
        match self {
            // Every pixel of the input takes all taps of each filter.
            Op::TransposeConv2d(_) => {
                let channels = input.hwc().map_or(1, |[_, _, channels]| channels);
                let pixels = input.elements() / channels.max(1);
                (pixels as u64).saturating_mul(taps)
            }
            // Every step takes all weights.
            Op::Lstm(Lstm { hidden, .. }) | Op::Recurrent(Recurrent { hidden, .. }) => {
                (out / (*hidden).max(1) as u64).saturating_mul(taps)
            }
            // Every number that is kept is weighted once more.
            Op::Svdf(op) => taps.saturating_add(op.state() as u64),
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_)
            | Op::Constant(_) => match self.weight_channels(input) {
                Some(channels @ 1..) => out.saturating_mul(taps / channels as u64),
                None | Some(0) => 0,
            },
        }
    }

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
            | Op::Svdf(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::TransposeConv2d(_)
            | Op::ResizeBilinear(_)
            | Op::Matmul(_)
            | Op::Constant(_) => None,
            Op::LogSoftmax(_) => Some(LogSoftmax::QUANT),
            Op::L2Norm(_) => Some(L2Norm::QUANT),
            Op::ArgMax(_) => Some(ArgMax::QUANT),
        }
    }

    /// Numbers that a node keeps from call to call.
    pub fn state(&self) -> usize {
        match self {
            Op::Svdf(op) => op.state(),
            Op::Recurrent(op) => op.state(),
            Op::Lstm(op) => op.state(),
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::Binary(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::TransposeConv2d(_)
            | Op::ResizeBilinear(_)
            | Op::Matmul(_)
            | Op::Unary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Constant(_) => 0,
        }
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
            | Op::Svdf(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
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
            | Op::TransposeConv2d(_)
            | Op::ResizeBilinear(_)
            | Op::Matmul(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
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
            | Op::Lstm(_)
            | Op::Recurrent(_)
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

/// `[H, W, C]` of the input or the error that says so.
fn spatial(op: &'static str, input: &Shape) -> Result<[usize; 3], ShapeError> {
    input.hwc().ok_or_else(|| ShapeError::Rank {
        op,
        expected: "HxWxC",
        actual: input.clone(),
    })
}

/// Refuses a zero where a positive number is needed.
fn positive(op: &'static str, attribute: &'static str, value: usize) -> Result<(), ShapeError> {
    if value == 0 {
        return Err(ShapeError::Attribute {
            op,
            attribute,
            value,
            rule: "at least 1",
        });
    }
    Ok(())
}
