//! What building takes and gives: the task that is fixed for a space, and the graph with the gene
//! behind each node.

use ember_ir::{Graph, Shape};

/// The gene that a node came from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Part {
    /// [`super::Architecture::pool`].
    Pool,
    /// An element of [`super::Architecture::blocks`].
    Block(usize),
    /// [`super::Architecture::head`].
    Head,
    /// [`super::Architecture::hidden`]: a layer before the logits, or the bottleneck of an autoencoder.
    Hidden,
    /// The last layer, whose outputs no gene changes.
    Logits,
}

/// A graph and where its nodes came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assembled {
    /// The network: one input, one output (logits, no softmax).
    pub graph: Graph,
    /// One entry per node.
    pub parts: Vec<Part>,
}

/// What is fixed for all networks of a space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// The graph's name: an identifier in snake case.
    pub name: String,
    /// `[H, W, C]`, `[1, T, C]` or `[N]`; all positive.
    pub input: Shape,
    /// Number of logits; positive. What an autoencoder gives is as large as its input.
    pub classes: usize,
    /// The input is numbers from 0 on, so many of them, as the bytes of a text become.
    pub tokens: Option<usize>,
}
