//! Which blocks may begin at a tensor, by the nodes that read it: the simplest first, so that two convolutions
//! in a row are two and not a residual block without a skip.

use ember_ir::{Cell, Conv2d, Graph, Node, Op, TensorId, Window2d};

use crate::space::architecture::{Block, Border, RecurrentCell, Window};

/// Blocks that the next nodes look like; none of them may fit.
pub(super) fn candidates(graph: &Graph, at: TensorId) -> Vec<Block> {
    let mut found = Vec::new();
    for node in readers(graph, at) {
        match &node.op {
            Op::Conv2d(op) => {
                for window in windows(&op.window) {
                    let width = op.out_channels;
                    found.push(Block::Conv { width, window });
                }
                expanded(graph, node, op, &mut found);
                for window in windows(&op.window) {
                    let width = op.out_channels;
                    found.push(Block::Residual { width, window });
                }
            }
            Op::DepthwiseConv2d(op) => {
                for width in pointwise(graph, node.output) {
                    for window in windows(&op.window) {
                        let expand = 1;
                        found.push(Block::Separable { width, window });
                        found.push(Block::InvertedResidual {
                            expand,
                            width,
                            window,
                        });
                    }
                }
            }
            Op::MaxPool2d(op) => found.push(Block::MaxPool {
                size: longest(op.window.kernel),
            }),
            Op::AveragePool2d(op) => found.push(Block::AveragePool {
                size: longest(op.window.kernel),
            }),
            Op::Dense(op) => found.push(Block::Dense {
                width: op.out_features,
            }),
            Op::Embedding(op) => found.push(Block::Embedding {
                rows: op.rows,
                width: op.width,
            }),
            Op::Lstm(op) => found.push(Block::Recurrent {
                cell: RecurrentCell::Lstm,
                width: op.hidden,
            }),
            Op::DartsCell(op) => found.push(Block::Recurrent {
                cell: RecurrentCell::Darts(op.nodes),
                width: op.hidden,
            }),
            Op::Recurrent(op) => match op.cell {
                Cell::GruResetAfter => found.push(Block::Recurrent {
                    cell: RecurrentCell::Gru,
                    width: op.hidden,
                }),
                Cell::Gru | Cell::RnnTanh | Cell::RnnRelu => {}
            },
            Op::Add(_)
            | Op::Binary(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Svdf(_)
            | Op::Unary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::TransposeConv2d(_)
            | Op::ResizeBilinear(_)
            | Op::Matmul(_)
            | Op::Constant(_) => {}
        }
    }
    found
}

/// Expand, depthwise, project.
fn expanded(graph: &Graph, node: &Node, expand: &Conv2d, found: &mut Vec<Block>) {
    let channels = graph.input_shape(node).dims().last().copied().unwrap_or(0);
    if channels == 0 || !expand.out_channels.is_multiple_of(channels) {
        return;
    }
    for inner in readers(graph, node.output) {
        let Op::DepthwiseConv2d(op) = &inner.op else {
            continue;
        };
        for width in pointwise(graph, inner.output) {
            for window in windows(&op.window) {
                found.push(Block::InvertedResidual {
                    expand: expand.out_channels / channels,
                    width,
                    window,
                });
            }
        }
    }
}

/// The nodes that read a tensor, where it is only seen under another shape those that read that.
pub(super) fn readers(graph: &Graph, at: TensorId) -> Vec<&Node> {
    let reads = |node: &&Node, id: TensorId| node.inputs.contains(&id);
    let direct = graph.nodes.iter().filter(|node| reads(node, at));
    direct
        .flat_map(|node| match node.op {
            Op::Reshape(_) => {
                let next = graph.nodes.iter();
                next.filter(|other| reads(other, node.output)).collect()
            }
            _ => vec![node],
        })
        .collect()
}

/// Channels of the convolutions that read a tensor.
fn pointwise(graph: &Graph, at: TensorId) -> impl Iterator<Item = usize> {
    let readers = readers(graph, at).into_iter();
    readers.filter_map(|node| match &node.op {
        Op::Conv2d(op) => Some(op.out_channels),
        _ => None,
    })
}

/// The windows that may have been cut to this one, by how they pad. A cut is of the shorter axis.
fn windows(window: &Window2d) -> [Window; 2] {
    [Border::Same, Border::Valid].map(|padding| Window {
        kernel: longest(window.kernel),
        stride: longest(window.stride),
        dilation: longest(window.dilation),
        padding,
    })
}

fn longest(axes: [usize; 2]) -> usize {
    axes[0].max(axes[1])
}
