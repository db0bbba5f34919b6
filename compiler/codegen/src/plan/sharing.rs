//! What a node wants of the arena besides its tensors: scratch, and how far its output may share
//! bytes with an input that dies there.
//!
//! The rules are those of the kernels; `ember_runtime::scratch` has them, with their proofs, as
//! functions that the kernels assert when the firmware is compiled. What works
//! element by element, an addition or a table, reads an element of its inputs before it writes the
//! result, so its output may lie exactly on one of them.
//! Source: vMCU (Zheng et al., "vMCU: Coordinated memory management and kernel optimization for DNN
//! inference on MCUs", MLSys 2024) overlaps a layer's input and output by segments; here the distance
//! is exact to the byte and there is no ring buffer.

use ember_ir::{Graph, Node, Op, TensorId, TransposeConv2d, WeightType, Window2d};
use ember_runtime::params::{darts_cell_scratch, lstm_scratch, matmul_scratch, recurrent_scratch};
use ember_runtime::scratch::{Geometry, Isa};

use super::ALIGN;
use crate::convolution::{self, Shapes};
use crate::dot;
use crate::elementwise;
use crate::lower::recurrent::cell;
use crate::lower::transpose_conv2d::most_taps;

/// How a node's output may share bytes with one input that dies at the node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sharing {
    /// Not at all.
    Never,
    /// It may start where the input starts, and is not larger.
    Exactly,
    /// It may start so many bytes below the input, or more; negative: so many bytes above it, or
    /// less. A multiple of [`ALIGN`], not below minus the input's size.
    Below(isize),
}

/// What a node wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wants {
    /// Bytes of scratch while it runs; 0 for none.
    pub scratch: usize,
    /// What its output may do to a dying input.
    pub sharing: Sharing,
}

impl Sharing {
    /// The fewest bytes that the input and the output take together.
    ///
    /// Proof: with the input at 0 and the output at x, allowed are x ≤ −d and x ≥ `input`. The first
    /// is best at x = −d if d ≥ 0, where they span max(d + `input`, `output`), and at x = 0 if d < 0.
    /// The second takes the sum, which is no less, because d is at most the output's size.
    pub fn span(self, input: usize, output: usize) -> usize {
        match self {
            Sharing::Never => input.saturating_add(output),
            Sharing::Exactly => input.max(output),
            Sharing::Below(distance) => {
                let above = input.saturating_add_signed(distance.max(0));
                above.max(output)
            }
        }
    }
}

impl Wants {
    /// Of a node of a verified graph.
    pub fn of(graph: &Graph, node: &Node, isa: Isa) -> Self {
        if graph.has_int16(node) {
            return Self::of_int16(graph, node);
        }
        match &node.op {
            Op::DepthwiseConv2d(_) if dot::is(graph, node) => Self::IN_PLACE,
            Op::Conv2d(conv) => {
                Self::of_convolution(node, geometry(graph, node, &conv.window).as_ref(), isa)
            }
            Op::Dense(dense) if dense.over_rows => {
                let (window, shapes) = convolution::of_rows(graph, node, dense);
                Self::of_convolution(node, geometry_of(&window, shapes).as_ref(), isa)
            }
            Op::Dense(dense) if node.weights == WeightType::Int4 => Self {
                scratch: isa
                    .dense_s4_scratch(graph.input_shape(node).elements(), dense.out_features),
                sharing: Sharing::Never,
            },
            Op::DepthwiseConv2d(conv) => match geometry(graph, node, &conv.window) {
                Some(geometry) => Self {
                    scratch: isa.depthwise_scratch(&geometry),
                    sharing: if geometry.depthwise_in_place()
                        && elements(geometry.output) <= elements(geometry.input)
                    {
                        Sharing::Exactly
                    } else {
                        Sharing::Never
                    },
                },
                None => Self::NOTHING,
            },
            Op::TransposeConv2d(conv) => Self {
                scratch: transposed_scratch(graph, node, conv, isa),
                sharing: Sharing::Never,
            },
            Op::Matmul(product) => Self {
                scratch: matmul_scratch(product.depth(graph.input_shape(node))),
                sharing: Sharing::Never,
            },
            Op::Lstm(lstm) => Self {
                scratch: lstm_scratch(lstm.hidden, lstm.stateful),
                sharing: Sharing::Never,
            },
            Op::Recurrent(op) => Self {
                scratch: recurrent_scratch(cell(op.cell), op.hidden, op.stateful),
                sharing: Sharing::Never,
            },
            Op::DartsCell(op) => Self {
                scratch: darts_cell_scratch(op.nodes.as_slice().len(), op.hidden, op.stateful),
                sharing: Sharing::Never,
            },
            Op::Unary(_) => Self::IN_PLACE,
            Op::Add(_) | Op::Binary(_) if elementwise::is_aligned(graph, node) => Self::IN_PLACE,
            Op::Add(_)
            | Op::Binary(_)
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
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::ResizeBilinear(_)
            | Op::Constant(_) => Self::NOTHING,
        }
    }

    fn of_convolution(node: &Node, geometry: Option<&Geometry>, isa: Isa) -> Self {
        geometry.map_or(Self::NOTHING, |geometry| Self {
            scratch: convolution::scratch(node, geometry, isa),
            sharing: Sharing::Below(align_up(geometry.overlap_distance())),
        })
    }

    /// Kernels of int16 work without scratch, and only those that go element by element in place: where
    /// the elements have one size.
    fn of_int16(graph: &Graph, node: &Node) -> Self {
        let output = graph.tensor(node.output).element;
        let same = |&id: &TensorId| graph.tensor(id).element == output;
        match &node.op {
            Op::Add(_) | Op::Unary(_) if node.inputs.iter().all(same) => Self::IN_PLACE,
            Op::Add(_)
            | Op::Unary(_)
            | Op::Conv2d(_)
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
            | Op::TransposeConv2d(_)
            | Op::ResizeBilinear(_)
            | Op::Matmul(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_)
            | Op::Svdf(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Constant(_) => Self::NOTHING,
        }
    }

    const IN_PLACE: Self = Self {
        scratch: 0,
        sharing: Sharing::Exactly,
    };

    const NOTHING: Self = Self {
        scratch: 0,
        sharing: Sharing::Never,
    };
}

/// Bytes of the patches of a transposed convolution's largest phase; 0 for what no device has the memory for.
fn transposed_scratch(graph: &Graph, node: &Node, conv: &TransposeConv2d, isa: Isa) -> usize {
    let window = Window2d::valid(most_taps(conv), [1, 1]);
    geometry(graph, node, &window).map_or(0, |geometry| isa.conv2d_scratch(&geometry))
}

/// Elements of a tensor, or taps times channels, up to which a geometry is computed with: far beyond
/// any arena, and no product of two of them overflows.
const MOST: usize = 1 << 28;

/// `None` for layers that no device has the memory for: what they want does not matter.
fn geometry(graph: &Graph, node: &Node, window: &Window2d) -> Option<Geometry> {
    let input = graph.input_shape(node).hwc()?;
    let output = graph.output_shape(node).hwc()?;
    geometry_of(window, (input, output))
}

/// As [`geometry`], of shapes `[height, width, channels]`.
fn geometry_of(window: &Window2d, (input, output): Shapes) -> Option<Geometry> {
    let [height, width] = window.kernel;
    let taps = height.saturating_mul(width).saturating_mul(input[2]);
    let extents = window.extent(0).max(window.extent(1));
    let steps = window.stride[0].max(window.stride[1]);
    if [elements(input), elements(output), taps, extents, steps]
        .iter()
        .any(|&number| number > MOST)
    {
        return None;
    }
    Some(crate::geometry::geometry(window, (input, output)))
}

fn elements(shape: [usize; 3]) -> usize {
    shape.iter().copied().fold(1, usize::saturating_mul)
}

/// The next multiple of [`ALIGN`] that is not below, also of negative numbers.
pub(super) fn align_up(bytes: isize) -> isize {
    let align = ALIGN as isize;
    (bytes + align - 1).div_euclid(align) * align
}
