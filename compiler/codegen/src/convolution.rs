//! What the kernel of convolutions runs: convolutions, and fully connected layers over rows, which are
//! convolutions with one tap over an image of one row.

use ember_ir::{Dense, Graph, Node, Op, Shape, WeightType, Window2d};
use ember_runtime::scratch::{Geometry, Isa};

/// `[height, width, channels]` of input and output.
pub(crate) type Shapes = ([usize; 3], [usize; 3]);

/// Whether the kernel of convolutions runs an operator.
pub(crate) fn is(op: &Op) -> bool {
    match op {
        Op::Conv2d(_) => true,
        Op::Dense(dense) => dense.over_rows,
        Op::DepthwiseConv2d(_)
        | Op::Add(_)
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
        | Op::Constant(_) => false,
    }
}

/// Bytes of scratch of a convolution's kernel.
pub(crate) fn scratch(node: &Node, geometry: &Geometry, isa: Isa) -> usize {
    match node.weights {
        WeightType::Int8 => isa.conv2d_scratch(geometry),
        WeightType::Int4 => isa.conv2d_s4_scratch(geometry),
    }
}

/// The convolution that a fully connected layer over rows is.
pub(crate) fn of_rows(graph: &Graph, node: &Node, dense: &Dense) -> (Window2d, Shapes) {
    let image = |shape: &Shape, depth: usize| [1, shape.elements() / depth.max(1), depth];
    let input = graph.input_shape(node);
    let shapes = (
        image(input, dense.in_features(input)),
        image(graph.output_shape(node), dense.out_features),
    );
    (Window2d::valid([1, 1], [1, 1]), shapes)
}
