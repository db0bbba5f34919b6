//! Zero-cost proxies: numbers that come without training and are said to rank networks as their trained
//! accuracy does. A search measures how well they do ([`Rankings`]) and lets them choose among proposals only
//! as far as they did.

use ember_ir::Graph;
use serde::{Deserialize, Serialize};

use crate::rank::spearman;

/// What proxies there are.
pub const NAMES: [&str; 5] = ["naswot", "synflow", "zico", "parameters", "macs"];

/// Their values for a network, in this order.
pub type Proxies = [f64; NAMES.len()];

/// Looks at untrained networks.
pub trait Probe: Sync {
    /// NASWOT, SynFlow and ZiCo with the weights of this seed; `None` where one of them is not a finite number.
    /// The same for the same arguments.
    fn probe(&self, graph: &Graph, seed: u64) -> Option<[f64; 3]>;
}

/// Looks at all networks of a search with one seed, so that chance does not tell them apart.
#[derive(Clone, Copy)]
pub struct Probing<'a> {
    /// Who looks.
    pub probe: &'a dyn Probe,
    /// Of the untrained weights.
    pub seed: u64,
}

impl Probing<'_> {
    /// All proxies of a network.
    pub fn proxies(&self, graph: &Graph) -> Option<Proxies> {
        let [naswot, synflow, zico] = self.probe.probe(graph, self.seed)?;
        let log = |x: f64| (1.0 + x).ln();
        Some([
            naswot,
            synflow,
            zico,
            log(graph.parameters() as f64),
            log(graph.macs() as f64),
        ])
    }
}

/// How a signal that is cheaper than a full training ranked the networks of a search.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ranking {
    /// The signal: a proxy, a rung, a size.
    pub signal: String,
    /// Spearman's correlation of the signal with the score.
    pub spearman: f64,
    /// Number of networks.
    pub networks: usize,
}

/// Proxies of networks beside their scores.
#[derive(Clone, Debug, Default)]
pub struct Rankings {
    seen: Vec<(Proxies, f64)>,
}

/// Networks below which a correlation says nothing.
pub(crate) const ENOUGH: usize = 8;

impl Rankings {
    /// Learns that a network with these proxies has this accuracy.
    pub fn learn(&mut self, proxies: Proxies, accuracy: f64) {
        self.seen.push((proxies, accuracy));
    }

    /// How each proxy ranks; empty before there are enough networks.
    pub fn all(&self) -> Vec<Ranking> {
        if self.seen.len() < ENOUGH {
            return Vec::new();
        }
        let of = |(i, proxy): (usize, &&'static str)| {
            let pairs = self
                .seen
                .iter()
                .map(|(proxies, score)| (proxies[i], *score));
            Ranking {
                signal: proxy.to_string(),
                spearman: spearman(&pairs.collect::<Vec<_>>()),
                networks: self.seen.len(),
            }
        };
        NAMES.iter().enumerate().map(of).collect()
    }

    /// What each proxy's opinion is worth: its correlation so far, zero if that is negative or not known.
    pub fn weights(&self) -> Proxies {
        let mut weights = [0.0; NAMES.len()];
        for (weight, ranking) in weights.iter_mut().zip(self.all()) {
            *weight = ranking.spearman.max(0.0);
        }
        weights
    }
}
