//! What is taken out of a network, as a record: its topology follows from it without any weights.

use ember_ir::Graph;
use serde::{Deserialize, Serialize};

use super::int4::with_int4;
use super::low_rank::{Factor, factorise};
use super::prune::narrowed_by;
use crate::trainer::initial;

/// What shall be taken out.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Wish {
    /// Share of the channels; 0 takes none.
    pub pruning: f32,
    /// Whether a training learns which of them go, in the place of their weights' magnitude.
    pub learns: bool,
    /// Share of each layer's energy that factorisation keeps; 0 factorises nothing.
    pub low_rank: f32,
}

impl Wish {
    /// Whether nothing shall be taken out.
    pub fn is_none(&self) -> bool {
        self.pruning == 0.0 && self.low_rank == 0.0
    }
}

/// What is taken out. First channels go, then layers are cut in two, then weights are halved.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Reduction {
    /// Channels that each group of coupled ones keeps; empty if all stay.
    pub widths: Vec<usize>,
    /// Per mille of the channels that learned masks close to find out which; 0: the weights' magnitude says it.
    #[serde(default)]
    pub masked: u16,
    /// Layers that become two.
    pub factors: Vec<Factor>,
    /// Layers of what is left whose weights are int4.
    #[serde(default)]
    pub int4: Vec<String>,
}

impl Reduction {
    /// Whether nothing is taken out.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The topology that is left.
    pub fn apply(&self, graph: &Graph) -> Graph {
        let narrow = narrowed_by(graph, &self.widths);
        let thin = factorise(&narrow, &initial(&narrow, 0), &self.factors).0;
        with_int4(&thin, &self.int4)
    }
}
