//! A network of all networks of a relaxation, as data: whoever trains it gives it weights and computes it.
//!
//! Operations are small graphs of their own, at full width. A narrower network keeps the first channels: the
//! others are masked. So with one gate per gene open the mixture computes exactly what the network of those
//! options computes with the corner of the weights that it has.

use ember_ir::{Activation, Graph, Op, Shape, TensorId};

use super::architecture::{Block, Head};
use super::blocks::{Assembly, PoolKind};

/// The mixture.
#[derive(Clone, PartialEq, Debug)]
pub struct Mixed {
    /// Options per gene, in the order of gates.
    pub options: Vec<usize>,
    /// In an order that can be computed; the last one's value is the logits.
    pub nodes: Vec<MixedNode>,
}

/// A weighted sum of operations on a weighted sum of earlier values.
#[derive(Clone, PartialEq, Debug)]
pub struct MixedNode {
    /// The values it reads, all of one shape: 0 is the input, i + 1 the value of node i.
    pub reads: Vec<usize>,
    /// Gene whose gates weigh them; `None` if there is one.
    pub edge: Option<usize>,
    /// Its operations, all from one shape and to the same channels and positions (a vector is a map of one
    /// position); none: what is read is passed on.
    pub pieces: Vec<Piece>,
    /// Gene whose gates weigh them; `None` if there is one.
    pub kind: Option<usize>,
    /// The operations see the first of so many equal parts of the channels; the other parts pass by, and all
    /// are shuffled afterwards. 1: they see all.
    pub share: usize,
}

/// An operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// One input, one output.
    pub graph: Graph,
    /// Per tensor, whether a width narrows it.
    pub masks: Vec<Option<Mask>>,
}

/// Channels that a choice of width keeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mask {
    /// The gene that chooses.
    pub gene: usize,
    /// Channels kept per option, from the first.
    pub channels: Vec<usize>,
    /// Whether the channels only follow from others that the same gene has weighed already: such a channel is
    /// there unless every gate that keeps it is zero.
    pub follows: bool,
}

/// A gene that chooses among widths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width<'a> {
    pub gene: usize,
    pub widths: &'a [usize],
}

impl Width<'_> {
    fn mask(self, repeats: usize, follows: bool) -> Mask {
        Mask {
            gene: self.gene,
            channels: self.widths.iter().map(|width| width * repeats).collect(),
            follows,
        }
    }
}

impl Piece {
    /// Shape of the output.
    pub fn output(&self) -> &Shape {
        &self.graph.tensor(self.graph.outputs[0]).shape
    }

    /// A block whose input and output may be narrowed.
    pub(super) fn block(
        number: usize,
        block: &Block,
        shape: &Shape,
        activation: Activation,
        [before, after]: [Option<Width<'_>>; 2],
    ) -> Self {
        let graph = alone(shape, activation, |assembly, x| {
            assembly.block(number, block, x)
        });
        let expansion = match block {
            Block::InvertedResidual { expand, .. } => (*expand).max(1),
            Block::Conv { .. }
            | Block::Separable { .. }
            | Block::Residual { .. }
            | Block::MaxPool { .. }
            | Block::AveragePool { .. }
            | Block::Dense { .. }
            | Block::Embedding { .. }
            | Block::Recurrent { .. }
            | Block::Edge(_) => 1,
        };
        let mut masks: Vec<Option<Mask>> = vec![None; graph.tensors.len()];
        for (step, node) in graph.nodes.iter().enumerate() {
            let expands = step == 0 && expansion > 1;
            // What has no weights keeps the channels of what it reads.
            masks[node.output.0] = if expands || matches!(node.op, Op::DepthwiseConv2d(_)) {
                before.map(|width| width.mask(expansion, true))
            } else if matches!(node.op, Op::Conv2d(_) | Op::Dense(_)) {
                after.map(|width| width.mask(1, false))
            } else {
                None
            };
        }
        Self { graph, masks }
    }

    /// The end of the body.
    pub(super) fn head(head: Head, shape: &Shape, before: Option<Width<'_>>) -> Self {
        let piece = Self::plain(shape, |assembly, x| assembly.head(head, x));
        let mut masks = piece.masks;
        for node in &piece.graph.nodes {
            if matches!(node.op, Op::DepthwiseConv2d(_)) {
                masks[node.output.0] = before.map(|width| width.mask(1, true));
            }
        }
        Self { masks, ..piece }
    }

    /// The last layer.
    pub(super) fn logits(classes: usize, shape: &Shape) -> Self {
        Self::plain(shape, |assembly, x| {
            assembly.dense("logits".into(), classes, Activation::None, x)
        })
    }

    /// The pool that lowers the input's resolution.
    pub(super) fn pool(size: usize, shape: &Shape) -> Self {
        Self::plain(shape, |assembly, x| {
            assembly.pool("pool0", PoolKind::Average, size, x)
        })
    }

    fn plain(shape: &Shape, build: impl FnOnce(&mut Assembly, TensorId) -> TensorId) -> Self {
        let graph = alone(shape, Activation::None, build);
        Self {
            masks: vec![None; graph.tensors.len()],
            graph,
        }
    }
}

/// A part of a network on its own: what `build` makes of a map or a vector of this shape.
fn alone(
    shape: &Shape,
    activation: Activation,
    build: impl FnOnce(&mut Assembly, TensorId) -> TensorId,
) -> Graph {
    let (mut assembly, input) = Assembly::new("part", shape, activation);
    let output = build(&mut assembly, input);
    assembly.builder.finish(&[output])
}
