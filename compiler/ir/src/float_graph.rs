//! A trained network in f32: the topology and, per node, its weights.

use crate::Graph;

/// Weights and biases of one node; layout as [`crate::Op::weight_shape`] says.
#[derive(Clone, PartialEq, Debug)]
pub struct FloatParams {
    /// In the order of the weight shape.
    pub weights: Vec<f32>,
    /// One per output channel.
    pub bias: Vec<f32>,
}

/// A trained network, batch norms folded.
#[derive(Clone, PartialEq, Debug)]
pub struct FloatGraph {
    /// The topology.
    pub graph: Graph,
    /// One entry per node; `None` for operators without weights.
    pub params: Vec<Option<FloatParams>>,
}
