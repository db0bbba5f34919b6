//! Which nodes can be one chain: one tensor goes in, one comes out, all of them work on rows.

use std::ops::Range;

use ember_ir::{Graph, Node, Op, TensorId, Window2d};

use crate::{dot, elementwise};

/// Consecutive nodes that can run row by row.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Indices into the graph's nodes.
    pub nodes: Range<usize>,
    /// What they read from outside.
    pub input: TensorId,
    /// What the last of them writes, the one tensor that others read.
    pub output: TensorId,
}

/// How a node reads its input's rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct RowWindow {
    /// Rows under the window.
    pub extent: usize,
    /// Rows from window to window.
    pub stride: usize,
    /// Rows of padding above.
    pub above: usize,
}

/// Rows of a window, or between windows, up to which a chain is worth thinking about; no sum of sizes
/// overflows then.
const MOST: usize = 1 << 12;
/// Elements of a tensor, likewise.
const MOST_ELEMENTS: usize = 1 << 24;

impl RowWindow {
    const ONE: Self = Self {
        extent: 1,
        stride: 1,
        above: 0,
    };
}

impl Segment {
    /// `None` if the nodes cannot be a chain.
    pub fn new(graph: &Graph, nodes: Range<usize>) -> Option<Self> {
        let last = nodes.end.checked_sub(1)?;
        let inside = &graph.nodes[nodes.clone()];
        let made = |tensor: TensorId| inside.iter().any(|node| node.output == tensor);
        let mut outside = inside.iter().flat_map(|node| &node.inputs);
        let input = *outside.find(|&&tensor| !made(tensor))?;
        if outside.any(|&tensor| tensor != input && !made(tensor)) {
            return None;
        }
        // A single row would be all there is.
        if graph.tensor(input).shape.hwc()?[0] < 2 {
            return None;
        }
        let small = |tensor: TensorId| graph.tensor(tensor).shape.elements() <= MOST_ELEMENTS;
        for (index, node) in nodes.clone().zip(inside) {
            // Its kernels are for int8.
            if graph.has_int16(node) {
                return None;
            }
            if !small(node.output) || !node.inputs.iter().all(|&input| small(input)) {
                return None;
            }
            row_window(graph, node)?;
            let readers: Vec<usize> = (0..graph.nodes.len())
                .filter(|&reader| graph.nodes[reader].inputs.contains(&node.output))
                .collect();
            let stays = !readers.is_empty()
                && readers.iter().all(|reader| nodes.contains(reader))
                && !graph.outputs.contains(&node.output);
            let sums = sums(graph, node);
            if (index != last && (!stays || sums)) || (index == last && stays) {
                return None;
            }
        }
        Some(Self {
            output: graph.nodes[last].output,
            nodes,
            input,
        })
    }

    /// Whether the graph's input may come row by row: nobody but the chain needs it.
    pub fn can_be_fed(&self, graph: &Graph) -> bool {
        let others = graph.nodes.iter().enumerate();
        graph.inputs == [self.input]
            && !graph.outputs.contains(&self.input)
            && others
                .filter(|(index, _)| !self.nodes.contains(index))
                .all(|(_, node)| !node.inputs.contains(&self.input))
    }
}

/// Whether a node reduces all rows to one pixel, and can do so row by row.
pub(super) fn sums(graph: &Graph, node: &Node) -> bool {
    match &node.op {
        Op::Mean(_) => true,
        Op::AveragePool2d(pool) => {
            let window = &pool.window;
            graph
                .input_shape(node)
                .hwc()
                .is_some_and(|[height, width, _]| {
                    height > 1
                        && window.kernel == [height, width]
                        && window.dilation == [1, 1]
                        && window.padding == ember_ir::Padding::default()
                })
        }
        Op::Conv2d(_)
        | Op::DepthwiseConv2d(_)
        | Op::Dense(_)
        | Op::Add(_)
        | Op::MaxPool2d(_)
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

/// How a node reads rows; `None` if it needs more than that.
pub(super) fn row_window(graph: &Graph, node: &Node) -> Option<RowWindow> {
    let [height, ..] = graph.input_shape(node).hwc()?;
    if sums(graph, node) {
        return Some(RowWindow::ONE);
    }
    let [rows, ..] = graph.output_shape(node).hwc()?;
    match &node.op {
        Op::Conv2d(conv) => window(&conv.window),
        // A window that is the input needs all rows at once.
        Op::DepthwiseConv2d(_) if dot::is(graph, node) => None,
        Op::DepthwiseConv2d(conv) => window(&conv.window),
        // A padded tap takes no part in a pool: a row of any value would.
        Op::AveragePool2d(pool) => unpadded(&pool.window, height, rows),
        Op::MaxPool2d(pool) => unpadded(&pool.window, height, rows),
        Op::Add(_) => elementwise::is_plain(graph, node).then_some(RowWindow::ONE),
        Op::Unary(_) => Some(RowWindow::ONE),
        Op::Mean(_)
        | Op::Dense(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::Svdf(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Binary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Matmul(_)
        | Op::ResizeBilinear(_)
        | Op::TransposeConv2d(_)
        | Op::Constant(_) => None,
    }
}

fn window(window: &Window2d) -> Option<RowWindow> {
    let extent = window.extent(0);
    (extent < MOST && window.stride[0] < MOST && window.padding.top < extent).then_some(RowWindow {
        extent,
        stride: window.stride[0],
        above: window.padding.top,
    })
}

fn unpadded(pool: &Window2d, height: usize, rows: usize) -> Option<RowWindow> {
    let window = window(pool)?;
    let end = (rows - 1)
        .checked_mul(window.stride)?
        .checked_add(window.extent)?;
    (window.above == 0 && end <= height).then_some(window)
}
