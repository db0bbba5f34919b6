//! What is taken out of a network, as a record: its topology follows from it without any weights.

use ember_ir::Graph;
use serde::{Deserialize, Serialize};

use super::low_rank::{Factor, factorise};
use super::prune::prune;
use crate::trainer::initial;

/// What shall be taken out.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Wish {
    /// Share of the channels; 0 takes none.
    pub pruning: f32,
    /// Share of each layer's energy that factorisation keeps; 0 factorises nothing.
    pub low_rank: f32,
}

/// What is taken out. First channels go, then layers are cut in two.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Reduction {
    /// Channels that each group of coupled ones keeps; empty if all stay.
    pub widths: Vec<usize>,
    /// Layers that become two.
    pub factors: Vec<Factor>,
}

impl Reduction {
    /// Whether nothing is taken out.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The topology that is left.
    pub fn apply(&self, graph: &Graph) -> Graph {
        let (graph, weights) = prune(graph, &initial(graph, 0), &self.widths);
        factorise(&graph, &weights, &self.factors).0
    }
}
