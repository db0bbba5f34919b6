//! A guess at a network's worth from its genes and its price, learned while the search runs: a Gaussian
//! process over networks, as in NASBOT (arXiv 1802.07191) and BANANAS (arXiv 1910.11858). It only ranks
//! proposals; how far it is trusted is learned as well. Before each result is learned it is predicted, and
//! trust is the rank correlation of those predictions with the results, zero until there are enough and
//! zero when it is negative: a predictor that does not predict does not choose.
//!
//! Results count by their rank: a network that learned nothing is a rank below the next one, not eighty
//! points, and what tells the best ones apart is not drowned.
//!
//! Reading order: this, [`kernel`] (how alike two networks are), [`process`] (the regression).
//! Cost per result: O(n³) for n results, at most [`LEARNED`]; that times the choices of scales whenever
//! those are chosen anew.

mod kernel;
mod process;

use kernel::{Network, Scales};
use process::Process;

use crate::constraint::Cost;
use crate::rank::{ranks, spearman};
use crate::space::Architecture;

/// Results needed before anything is predicted.
const ENOUGH: usize = 8;
/// Only the last predictions count for trust: the predictor improves.
const RECENT: usize = 32;
/// Only the last results are learned from, or a long search would spend its time here.
const LEARNED: usize = 200;
/// Results after which the scales are chosen anew.
const RESCALE: usize = 8;

/// What is expected of a network, in standardised ranks of the results so far.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Guess {
    /// The expected rank: the larger the better.
    pub mean: f64,
    /// Its standard deviation: how little is known.
    pub deviation: f64,
}

/// Learns accuracies; all arithmetic is in a fixed order, so equal histories give equal predictions.
#[derive(Clone, Debug, Default)]
pub struct Predictor {
    seen: Vec<Network>,
    accuracies: Vec<f64>,
    learned: usize,
    scales: Scales,
    process: Option<Process>,
    /// Predictions made before the result was learned, and the results.
    tried: Vec<(f64, f64)>,
}

impl Predictor {
    /// Learns that the network scored `accuracy`.
    pub fn learn(&mut self, architecture: &Architecture, cost: &Cost, accuracy: f64) {
        if let Some(guess) = self.predict(architecture, cost) {
            self.tried.push((guess.mean, accuracy));
        }
        self.seen.push(Network::new(architecture, cost));
        self.accuracies.push(accuracy);
        self.learned += 1;
        if self.seen.len() > LEARNED {
            self.seen.remove(0);
            self.accuracies.remove(0);
        }
        if self.seen.len() >= ENOUGH {
            let worth = ranks(&self.accuracies);
            if self.learned.is_multiple_of(RESCALE) {
                self.scales = process::likeliest(&self.seen, &worth);
            }
            self.process = Some(Process::fit(&self.seen, &worth, self.scales));
        }
    }

    /// What to expect of a network, or `None` before enough was learned.
    pub fn predict(&self, architecture: &Architecture, cost: &Cost) -> Option<Guess> {
        let process = self.process.as_ref()?;
        Some(process.predict(&self.seen, &Network::new(architecture, cost)))
    }

    /// How far to trust predictions, in [0, 1].
    pub fn trust(&self) -> f64 {
        if self.tried.len() < ENOUGH {
            return 0.0;
        }
        let recent = &self.tried[self.tried.len().saturating_sub(RECENT)..];
        spearman(recent).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Block, Head};
    use ember_ir::Activation;

    fn network(width: usize) -> (Architecture, Cost) {
        let architecture = Architecture {
            pool: 1,
            blocks: vec![Block::Dense { width }],
            head: Head::Flatten,
            hidden: None,
            activation: Activation::Relu,
        };
        let cost = Cost {
            flash_bytes: 100 * width,
            ram_bytes: width,
            arena_bytes: width,
            instructions: 0,
            macs: 64 * width as u64,
        };
        (architecture, cost)
    }

    fn taught(accuracy: impl Fn(usize) -> f64) -> Predictor {
        let mut predictor = Predictor::default();
        for step in 0..40 {
            // A fixed shuffle of 1..=40.
            let width = 1 + step * 17 % 40;
            let (architecture, cost) = network(width);
            predictor.learn(&architecture, &cost, accuracy(width));
        }
        predictor
    }

    #[test]
    fn a_lawful_world_is_predicted_and_trusted() {
        let predictor = taught(|width| 0.5 + 0.1 * (width as f64).ln());
        assert!(predictor.trust() > 0.9, "trust {}", predictor.trust());
        let predict = |width| {
            let (architecture, cost) = network(width);
            predictor
                .predict(&architecture, &cost)
                .map(|guess| guess.mean)
        };
        assert!(predict(60) > predict(5));
    }

    #[test]
    fn a_lawless_world_is_not_trusted() {
        let predictor = taught(|width| {
            if width.count_ones() % 2 == 0 {
                0.5
            } else {
                0.6
            }
        });
        assert!(predictor.trust() < 0.5, "trust {}", predictor.trust());
        assert_eq!(Predictor::default().trust(), 0.0);
    }
}
