//! The integer network: the topology, the scale and zero point of every tensor, and int8 weights.
//! Activations are int8, or int16 where the tensor says so.
//! Every number that a device computes follows from this stage.

use crate::{Graph, Quant, Rounding};

/// Integer weights of one node; layout as [`crate::Op::weight_shape`] says.
#[derive(Clone, PartialEq, Debug)]
pub struct QuantParams {
    /// In [−127, 127], zero point 0.
    pub weights: Vec<i8>,
    /// One scale per output channel, or a single one for the whole tensor.
    pub scales: Vec<f32>,
    /// One per output channel, in units of input scale · weight scale; they fit i32 unless the node rounds
    /// as [`Rounding::Wide`].
    pub bias: Vec<i64>,
}

/// An integer network.
#[derive(Clone, PartialEq, Debug)]
pub struct QuantGraph {
    /// The topology.
    pub graph: Graph,
    /// One entry per tensor.
    pub quants: Vec<Quant>,
    /// One entry per node; `None` for operators without weights.
    pub params: Vec<Option<QuantParams>>,
    /// One entry per node: how its requantisation rounds.
    pub roundings: Vec<Rounding>,
}
