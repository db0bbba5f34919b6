//! How often the parts of a kernel run: counts from the loop structure of `ember_runtime::kernels`, one
//! file per operator. A prediction is a weighted sum of them.

mod add;
mod arg_max;
mod binary;
mod constant;
mod conv2d;
mod copy;
mod darts_cell;
mod dense;
mod depthwise_conv2d;
mod dot;
mod embedding;
mod gather;
mod int16;
mod kernel;
mod l2_norm;
mod log_softmax;
mod lookup;
mod lstm;
mod matmul;
mod mean;
mod pool2d;
mod recurrent;
mod reduce;
mod rescale;
mod resize_bilinear;
mod rows;
mod softmax;
mod svdf;
mod transpose_conv2d;
mod unpack;

pub use kernel::Kernel;
pub use rescale::Rescale;
pub use rows::{RowPart, row_features, row_parts};

use ember_ir::{BinaryFunction, Graph, Node, Op, ReduceFunction, Shape, WeightType};
use ember_runtime::scratch::Isa;

use crate::convolution;
use crate::elementwise;
use crate::geometry::geometry;
use crate::lower::{self, Layer};

/// The counts of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// The kernel.
    pub kernel: Kernel,
    /// How its outputs are requantised.
    pub rescale: Rescale,
    /// Whether code for whole groups of channels alone serves it.
    pub whole: bool,
    /// What it is of a stage that runs row by row, where it is not the layer's own kernel.
    pub part: Option<RowPart>,
    /// How often its parts run.
    pub instructions: Vec<f64>,
}

/// The counts of a node, or `None` for a node that costs nothing. Without the layer's integers its
/// requantisation is taken to be the usual one.
pub fn features(graph: &Graph, node: &Node, layer: Option<&Layer>, isa: Isa) -> Option<Features> {
    features_in(graph, node, layer, isa, crate::whole::of(graph, &node.op))
}

/// As [`features`], in a model whose layers of the operator have their channels in whole groups, or not.
pub fn features_in(
    graph: &Graph,
    node: &Node,
    layer: Option<&Layer>,
    isa: Isa,
    whole: bool,
) -> Option<Features> {
    if !crate::dot::is(graph, node) {
        return features_of_own(graph, node, layer, isa, whole);
    }
    let outputs = graph.output_shape(node).elements();
    let taps = node.op.weight_shape(graph.input_shape(node))?.elements() / outputs;
    let rescale = layer.map_or(Rescale::USUAL, Rescale::of);
    Some(Features {
        kernel: Kernel::Dot,
        rescale,
        whole: false,
        part: None,
        instructions: dot::counts([taps, outputs], rescale),
    })
}

/// As [`features_in`], of a node that its operator's own kernel runs.
fn features_of_own(
    graph: &Graph,
    node: &Node,
    layer: Option<&Layer>,
    isa: Isa,
    whole: bool,
) -> Option<Features> {
    let (input, output) = (graph.input_shape(node), graph.output_shape(node));
    let spatial = (
        input.hwc().unwrap_or_default(),
        output.hwc().unwrap_or_default(),
    );
    let rescale = layer.map_or(Rescale::USUAL, Rescale::of);
    if graph.has_int16(node)
        && let Some((kernel, instructions)) = int16::counts(graph, node, rescale)
    {
        return Some(Features {
            kernel,
            rescale,
            whole: false,
            part: None,
            instructions,
        });
    }
    // Code for whole groups alone exists in the short forms only.
    let whole = whole && !rescale.form.is_one_by_one();
    let around = match &node.op {
        Op::Conv2d(_) => [1, spatial.1[0] * spatial.1[1]],
        Op::Dense(op) if op.over_rows => [1, output.elements() / op.out_features],
        Op::DepthwiseConv2d(_) => [1, spatial.1[2] / 4],
        Op::Dense(op) => {
            let parts = match node.weights {
                WeightType::Int8 => 1,
                WeightType::Int4 => {
                    let rows = isa.dense_s4_rows(input.elements());
                    op.out_features.div_ceil(rows)
                }
            };
            [parts, op.out_features / 4]
        }
        Op::Add(_)
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
        | Op::Binary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Matmul(_)
        | Op::ResizeBilinear(_)
        | Op::TransposeConv2d(_)
        | Op::Constant(_) => [0, 0],
    };
    let (kernel, mut instructions) = match &node.op {
        Op::Conv2d(op) => conv2d::counted(node, &op.window, spatial, isa, rescale),
        Op::DepthwiseConv2d(op) => {
            let geometry = geometry(&op.window, spatial);
            let counts = depthwise_conv2d::counts(op, &geometry, isa, rescale);
            (Kernel::DepthwiseConv2d, counts)
        }
        Op::Dense(op) if op.over_rows => {
            let (window, shapes) = convolution::of_rows(graph, node, op);
            conv2d::counted(node, &window, shapes, isa, rescale)
        }
        Op::Dense(op) => {
            let sizes = [input.elements(), op.out_features];
            match node.weights {
                WeightType::Int8 => (Kernel::Dense, dense::counts(sizes, isa, rescale)),
                WeightType::Int4 => (Kernel::DenseS4, dense::counts_s4(sizes, isa, rescale)),
            }
        }
        Op::Add(_) if elementwise::is_plain(graph, node) => {
            (Kernel::Add, add::counts(output.elements(), rescale))
        }
        Op::Add(_) => {
            let axes = lower::binary::axes(graph, node);
            (Kernel::BinarySum, binary::counts(&axes, rescale))
        }
        Op::Binary(op) => {
            let kernel = match op.function {
                BinaryFunction::Sub => Kernel::BinarySum,
                BinaryFunction::Mul => Kernel::BinaryProduct,
                BinaryFunction::Maximum | BinaryFunction::Minimum => Kernel::BinaryPick,
                BinaryFunction::Prelu => Kernel::BinaryPrelu,
            };
            let axes = lower::binary::axes(graph, node);
            (kernel, binary::counts(&axes, rescale))
        }
        Op::AveragePool2d(op) => (Kernel::AveragePool2d, pool2d::counts(&op.window, spatial)),
        Op::MaxPool2d(op) => (Kernel::MaxPool2d, pool2d::counts(&op.window, spatial)),
        Op::Mean(_) => (Kernel::Mean, mean::counts(spatial.0, rescale)),
        Op::Reshape(_) => return None,
        Op::Softmax(_) => (Kernel::Softmax, softmax::counts(input)),
        Op::LogSoftmax(_) => (Kernel::LogSoftmax, log_softmax::counts(input)),
        Op::L2Norm(_) => (Kernel::L2Norm, l2_norm::counts(input)),
        Op::Embedding(op) => (Kernel::Embedding, embedding::counts(op, input.elements())),
        Op::Svdf(op) => {
            let inputs = input.elements();
            (Kernel::Svdf, svdf::counts(op, inputs, rescale))
        }
        Op::Lstm(op) => {
            let sequence = [0, 1].map(|axis| input.dims().get(axis).copied().unwrap_or(0));
            (Kernel::Lstm, lstm::counts(op, sequence, rescale))
        }
        Op::Recurrent(op) => {
            let sequence = [0, 1].map(|axis| input.dims().get(axis).copied().unwrap_or(0));
            recurrent::counts(op, sequence, rescale)
        }
        Op::DartsCell(op) => {
            let sequence = [0, 1].map(|axis| input.dims().get(axis).copied().unwrap_or(0));
            (Kernel::DartsCell, darts_cell::counts(op, sequence, rescale))
        }
        Op::Unary(_) => (Kernel::Lookup, lookup::counts(output.elements())),
        Op::Move(op) => {
            let shapes = node.inputs.iter();
            let shapes: Vec<&Shape> = shapes.map(|&id| &graph.tensor(id).shape).collect();
            (
                Kernel::Copy,
                copy::counts(op, &shapes, graph.tensor(node.output), isa),
            )
        }
        Op::Reduce(op) => {
            let kernel = match op.function {
                ReduceFunction::Mean | ReduceFunction::Sum => Kernel::ReduceSum,
                ReduceFunction::Max => Kernel::ReduceMax,
            };
            let axes = [false, true].map(|goes| lower::reduce::axes(input, op, goes));
            (kernel, reduce::counts(axes, rescale))
        }
        Op::TransposeConv2d(op) => {
            let counts = transpose_conv2d::counts(op, spatial.0, isa, rescale);
            (Kernel::TransposeConv2d, counts)
        }
        Op::ResizeBilinear(_) => (Kernel::ResizeBilinear, resize_bilinear::counts(spatial.1)),
        Op::Matmul(op) => {
            let (batches, matrices) = lower::matmul::axes(graph, node, op);
            let counts = matmul::counts(&batches, matrices, rescale);
            (Kernel::Matmul, counts)
        }
        Op::ArgMax(op) => (Kernel::ArgMax, arg_max::counts(op, input)),
        Op::Constant(_) if elementwise::in_flash(graph, node.output) => return None,
        Op::Constant(_) => (Kernel::Constant, constant::counts(output.elements())),
    };
    // Code for whole groups alone is shorter around the loops.
    instructions.extend(numbers(&[&around.map(|count| count * flag(whole))]));
    Some(Features {
        kernel,
        rescale,
        whole,
        part: None,
        instructions,
    })
}

/// Blocks that the innermost sums of so many taps take: words, or vectors of sixteen.
fn blocks(isa: Isa, taps: usize) -> usize {
    match isa {
        Isa::Mve => taps.div_ceil(16),
        Isa::Thumb1 | Isa::Thumb2 | Isa::Dsp | Isa::Any => taps.div_ceil(4),
    }
}

/// Counts as numbers, one list after the other.
fn numbers(lists: &[&[usize]]) -> Vec<f64> {
    lists
        .concat()
        .into_iter()
        .map(|count| count as f64)
        .collect()
}

/// 1 if it is so.
fn flag(holds: bool) -> usize {
    usize::from(holds)
}
