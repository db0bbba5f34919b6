//! Lowering: from scales and zero points to the integer constants a kernel is driven by. The only
//! derivation there is: the interpreter and the emitted crate both take their numbers from here, so
//! they cannot differ.
//!
//! One file per operator; `requant` holds what they share (multipliers, clamps, the proof that
//! accumulators fit). Source of the formulas: TensorFlow Lite Micro's `Prepare` functions.

mod add;
mod arg_max;
pub(crate) mod binary;
mod constant;
mod conv2d;
pub(crate) mod copy;
mod darts_cell;
mod dense;
mod depthwise_conv2d;
mod dot;
mod embedding;
mod int16;
mod l2_norm;
mod log_softmax;
mod lstm;
pub(crate) mod matmul;
mod mean;
mod pool2d;
pub(crate) mod recurrent;
pub(crate) mod reduce;
mod requant;
mod resize_bilinear;
mod softmax;
mod svdf;
pub(crate) mod transpose_conv2d;
pub mod unary;

pub use constant::Constant;
pub use conv2d::Conv2d;
pub use copy::Copy;
pub use darts_cell::DartsCell;
pub use dense::Dense;
pub use depthwise_conv2d::DepthwiseConv2d;
pub use dot::Dot;
pub use embedding::Embedding;
pub use int16::{Conv2dS16, DenseS16, DepthwiseConv2dS16};
pub use log_softmax::LogSoftmax;
pub use lstm::Lstm;
pub use recurrent::Recurrent;
pub use softmax::Softmax;
pub use svdf::Svdf;
pub use transpose_conv2d::TransposeConv2d;
pub use unary::Lookup;

use ember_ir::{
    Graph, Node, Op, Quant, QuantGraph, QuantParams, Rounding, Violation, verify_quant,
};
use ember_runtime::params::{
    AddParams, AddS16Params, ArgMaxParams, BinaryFunction, BinaryParams, L2NormParams,
    MatmulParams, MeanParams, Pool2dParams, Pool2dS16Params, QuantizeParams, ReduceParams,
    ResizeBilinearParams,
};

use crate::elementwise;
pub(crate) use requant::clamp;

/// What one node computes, in integers. The owned twin of a struct of `ember_runtime::params`; those
/// without slices are used as they are.
#[derive(Clone, Debug)]
pub enum Layer {
    /// Dense 2-D convolution.
    Conv2d(Conv2d),
    /// Depthwise 2-D convolution.
    DepthwiseConv2d(DepthwiseConv2d),
    /// Fully connected layer.
    Dense(Dense),
    /// A small layer that is a dot product per output.
    Dot(Dot),
    /// Element-wise sum.
    Add(AddParams),
    /// Mean over a sliding window.
    AveragePool2d(Pool2dParams),
    /// Maximum over a sliding window.
    MaxPool2d(Pool2dParams),
    /// Mean over height and width.
    Mean(MeanParams),
    /// Nothing: the output has the input's bytes.
    Reshape,
    /// Softmax over each row.
    Softmax(Softmax),
    /// Logarithm of softmax over each row.
    LogSoftmax(LogSoftmax),
    /// Rows divided by their length.
    L2Norm(L2NormParams),
    /// Rows of a table by their number.
    Embedding(Embedding),
    /// Filter over the last steps of a stream.
    Svdf(Svdf),
    /// Long short-term memory.
    Lstm(Lstm),
    /// Recurrent layer or gated recurrent units.
    Recurrent(Recurrent),
    /// The recurrent cell that DARTS searches.
    DartsCell(DartsCell),
    /// A function of one int8, as a table.
    Lookup(Lookup),
    /// Any element-wise function of two tensors, repeated along axes or in flash.
    Binary(BinaryParams),
    /// Elements elsewhere.
    Copy(Copy),
    /// Mean, sum or maximum over any axes.
    Reduce(ReduceParams),
    /// Index of the largest element.
    ArgMax(ArgMaxParams),
    /// Product of matrices.
    Matmul(MatmulParams),
    /// Bilinear resizing.
    ResizeBilinear(ResizeBilinearParams),
    /// Transposed 2-D convolution.
    TransposeConv2d(TransposeConv2d),
    /// Values in flash, or from there to the arena.
    Constant(Constant),
    /// Dense 2-D convolution of int16.
    Conv2dS16(Conv2dS16),
    /// Depthwise 2-D convolution of int16.
    DepthwiseConv2dS16(DepthwiseConv2dS16),
    /// Fully connected layer of int16.
    DenseS16(DenseS16),
    /// Element-wise sum of int16.
    AddS16(AddS16Params),
    /// Mean of int16 over a sliding window.
    AveragePool2dS16(Pool2dS16Params),
    /// Maximum of int16 over a sliding window.
    MaxPool2dS16(Pool2dS16Params),
    /// From one scale and type to others, to or from int16.
    Quantize(QuantizeParams),
}

impl Layer {
    /// The layer that makes one of this layer's `rows` rows from the rows under its window.
    ///
    /// # Panics
    /// A layer that does not work by rows, as only a wrong plan has it in a chain.
    pub fn row(&self, rows: usize) -> Self {
        let extent = |kernel: [usize; 2], dilation: [usize; 2]| (kernel[0] - 1) * dilation[0] + 1;
        let mut row = self.clone();
        match &mut row {
            Layer::Conv2d(conv) => {
                conv.input[0] = extent(conv.kernel, conv.dilation);
                (conv.output[0], conv.pad[0]) = (1, 0);
            }
            Layer::DepthwiseConv2d(conv) => {
                conv.input[0] = extent(conv.kernel, conv.dilation);
                (conv.output[0], conv.pad[0]) = (1, 0);
            }
            Layer::AveragePool2d(pool) | Layer::MaxPool2d(pool) => {
                pool.input[0] = extent(pool.kernel, pool.dilation);
                (pool.output[0], pool.pad[0]) = (1, 0);
            }
            Layer::Add(add) => add.len /= rows,
            Layer::Lookup(lookup) => lookup.len /= rows,
            Layer::Dense(_)
            | Layer::Dot(_)
            | Layer::Mean(_)
            | Layer::Reshape
            | Layer::Softmax(_)
            | Layer::LogSoftmax(_)
            | Layer::L2Norm(_)
            | Layer::Embedding(_)
            | Layer::Svdf(_)
            | Layer::Lstm(_)
            | Layer::Recurrent(_)
            | Layer::DartsCell(_)
            | Layer::Binary(_)
            | Layer::Copy(_)
            | Layer::Reduce(_)
            | Layer::ArgMax(_)
            | Layer::TransposeConv2d(_)
            | Layer::Matmul(_)
            | Layer::ResizeBilinear(_)
            | Layer::Constant(_)
            | Layer::Conv2dS16(_)
            | Layer::DepthwiseConv2dS16(_)
            | Layer::DenseS16(_)
            | Layer::AddS16(_)
            | Layer::AveragePool2dS16(_)
            | Layer::MaxPool2dS16(_)
            | Layer::Quantize(_) => {
                panic!("BUG: a layer that does not work by rows")
            }
        }
        row
    }
}

/// Why a network has no integer form.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum LowerError {
    /// The network breaks the rules of `ember_ir::verify`.
    #[error("the int8 network is not valid:{}", crate::lines(.0))]
    Invalid(Vec<Violation>),
    /// Sums of a layer may not fit the accumulator.
    #[error("accumulators may overflow:{}", crate::lines(.0))]
    Overflow(Vec<Overflow>),
}

/// A channel whose sum may leave the range of i32.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "node `{node}`, channel {channel}: {quantity} may reach {bound}, the limit is {limit}; \
     make the layer smaller or the scale of its output larger"
)]
pub struct Overflow {
    /// The node.
    pub node: String,
    /// The output channel.
    pub channel: usize,
    /// What is bounded: the accumulator, or the accumulator shifted left by the multiplier.
    pub quantity: &'static str,
    /// Its largest possible magnitude.
    pub bound: u128,
    /// The largest magnitude allowed.
    pub limit: u128,
}

/// The layers of a network, one per node in the graph's order.
///
/// # Errors
/// All violations of the verifier, or all channels whose accumulator may not fit 32 bits.
pub fn lower(network: &QuantGraph) -> Result<Vec<Layer>, LowerError> {
    let violations = verify_quant(network);
    if !violations.is_empty() {
        return Err(LowerError::Invalid(violations));
    }
    let mut overflows = Vec::new();
    let layers = network
        .graph
        .nodes
        .iter()
        .enumerate()
        .map(|(index, node)| {
            let context = Context {
                graph: &network.graph,
                quants: &network.quants,
                node,
                rounding: network.roundings[index],
            };
            lower_node(&context, network.params[index].as_ref(), &mut overflows)
        })
        .collect();
    if overflows.is_empty() {
        Ok(layers)
    } else {
        Err(LowerError::Overflow(overflows))
    }
}

fn lower_node(
    context: &Context<'_>,
    params: Option<&QuantParams>,
    overflows: &mut Vec<Overflow>,
) -> Layer {
    if context.graph.has_int16(context.node) {
        return int16::lower(context, params, overflows);
    }
    // The verifier has seen that an operator with weights has them.
    let weights = || params.unwrap_or_else(|| panic!("BUG: verified node without weights"));
    match &context.node.op {
        Op::Conv2d(op) => Layer::Conv2d(conv2d::lower(context, op, weights(), overflows)),
        Op::DepthwiseConv2d(op) => {
            let layer = depthwise_conv2d::lower(context, op, weights(), overflows);
            match crate::dot::is(context.graph, context.node) {
                true => Layer::Dot(layer.into()),
                false => Layer::DepthwiseConv2d(layer),
            }
        }
        Op::Dense(op) if op.over_rows => {
            Layer::Conv2d(dense::lower_over_rows(context, op, weights(), overflows))
        }
        Op::Dense(op) => {
            let layer = dense::lower(context, op, weights(), overflows);
            match crate::dot::is(context.graph, context.node) {
                true => Layer::Dot(layer.into()),
                false => Layer::Dense(layer),
            }
        }
        Op::Add(op) if elementwise::is_plain(context.graph, context.node) => {
            Layer::Add(add::lower(context, op, overflows))
        }
        Op::Add(op) => {
            let function = BinaryFunction::Add;
            Layer::Binary(binary::lower(context, function, op.activation, overflows))
        }
        Op::Binary(op) => {
            let function = match op.function {
                ember_ir::BinaryFunction::Sub => BinaryFunction::Sub,
                ember_ir::BinaryFunction::Mul => BinaryFunction::Mul,
                ember_ir::BinaryFunction::Maximum => BinaryFunction::Maximum,
                ember_ir::BinaryFunction::Minimum => BinaryFunction::Minimum,
                ember_ir::BinaryFunction::Prelu => BinaryFunction::Prelu,
            };
            Layer::Binary(binary::lower(context, function, op.activation, overflows))
        }
        Op::AveragePool2d(op) => {
            Layer::AveragePool2d(pool2d::lower(context, &op.window, op.activation))
        }
        Op::MaxPool2d(op) => Layer::MaxPool2d(pool2d::lower(context, &op.window, op.activation)),
        Op::Mean(_) => Layer::Mean(mean::lower(context, overflows)),
        Op::Reshape(_) => Layer::Reshape,
        Op::Softmax(_) => Layer::Softmax(softmax::lower(context, overflows)),
        Op::LogSoftmax(_) => Layer::LogSoftmax(log_softmax::lower(context, overflows)),
        Op::L2Norm(_) => Layer::L2Norm(l2_norm::lower(context, overflows)),
        Op::Embedding(op) => Layer::Embedding(embedding::lower(context, op.width, weights())),
        Op::Svdf(op) => Layer::Svdf(svdf::lower(context, op, weights(), overflows)),
        Op::Lstm(op) => Layer::Lstm(lstm::lower(context, op, weights(), overflows)),
        Op::Recurrent(op) => Layer::Recurrent(recurrent::lower(context, op, weights(), overflows)),
        Op::DartsCell(op) => Layer::DartsCell(darts_cell::lower(context, op, weights(), overflows)),
        Op::Unary(op) => Layer::Lookup(unary::lower(context, op, params)),
        Op::Move(op) => Layer::Copy(copy::lower(context, op)),
        Op::Reduce(op) => Layer::Reduce(reduce::lower(context, op, overflows)),
        Op::TransposeConv2d(op) => {
            Layer::TransposeConv2d(transpose_conv2d::lower(context, op, weights(), overflows))
        }
        Op::ResizeBilinear(op) => Layer::ResizeBilinear(resize_bilinear::lower(context, op)),
        Op::Matmul(op) => Layer::Matmul(matmul::lower(context, op, overflows)),
        Op::ArgMax(op) => Layer::ArgMax(arg_max::lower(context, op)),
        Op::Constant(_) => Layer::Constant(Constant {
            values: weights().weights.clone(),
            in_flash: elementwise::in_flash(context.graph, context.node.output),
        }),
    }
}

/// A node with its surroundings.
struct Context<'a> {
    graph: &'a Graph,
    quants: &'a [Quant],
    node: &'a Node,
    rounding: Rounding,
}

impl Context<'_> {
    /// Parameters of input `index`.
    fn input(&self, index: usize) -> Quant {
        self.quants[self.node.inputs[index].0]
    }

    /// Parameters of the output.
    fn output(&self) -> Quant {
        self.quants[self.node.output.0]
    }

    /// The node's name.
    fn name(&self) -> &str {
        self.graph.node_name(self.node)
    }

    /// `[height, width, channels]` of the first input.
    fn input_hwc(&self) -> [usize; 3] {
        spatial(self.graph.input_shape(self.node).hwc())
    }

    /// `[height, width, channels]` of the output.
    fn output_hwc(&self) -> [usize; 3] {
        spatial(self.graph.output_shape(self.node).hwc())
    }

    /// The runtime's name of the rounding.
    fn rounding(&self) -> ember_runtime::Rounding {
        match self.rounding {
            Rounding::Single => ember_runtime::Rounding::Single,
            Rounding::TfLite => ember_runtime::Rounding::TfLite,
            // The verifier leaves it to weights on int16.
            Rounding::Wide => panic!("BUG: a sum of 32 bits that rounds as a wide one"),
        }
    }
}

fn spatial(hwc: Option<[usize; 3]>) -> [usize; 3] {
    hwc.unwrap_or_else(|| panic!("BUG: verified spatial operator on another rank"))
}

#[cfg(test)]
mod tests;
