//! Gaussian process regression (Rasmussen and Williams 2006, algorithm 2.1) by a Cholesky factor.

use super::Guess;
use super::kernel::{Difference, Features, Network, Scales, deviations};

/// A process that has learned.
#[derive(Clone, Debug)]
pub(super) struct Process {
    deviation: Features,
    scales: Scales,
    factor: Factor,
    /// Covariances inverse times worth.
    weights: Vec<f64>,
}

/// The lower triangle of a symmetric matrix's root, row by row.
#[derive(Clone, Debug)]
struct Factor(Vec<Vec<f64>>);

/// The scales under which the results are the least surprising (the largest marginal likelihood; of equals
/// the first).
pub(super) fn likeliest(seen: &[Network], worth: &[f64]) -> Scales {
    let differences = Differences::among(seen, &deviations(seen));
    let mut best = (f64::NEG_INFINITY, Scales::default());
    for scales in Scales::choices() {
        let factor = differences.factor(scales);
        let surprise: f64 = factor.forward(worth).iter().map(|x| x * x).sum();
        let volume: f64 = factor
            .0
            .iter()
            .filter_map(|row| row.last())
            .map(|x| x.ln())
            .sum();
        let likelihood = -0.5 * surprise - volume;
        if likelihood > best.0 {
            best = (likelihood, scales);
        }
    }
    best.1
}

impl Process {
    /// Learns what networks are worth: numbers of mean 0 and variance 1.
    pub(super) fn fit(seen: &[Network], worth: &[f64], scales: Scales) -> Self {
        let deviation = deviations(seen);
        let factor = Differences::among(seen, &deviation).factor(scales);
        let weights = factor.backward(factor.forward(worth));
        Self {
            deviation,
            scales,
            factor,
            weights,
        }
    }

    /// What to expect of a network; `seen` are those that were learned.
    pub(super) fn predict(&self, seen: &[Network], network: &Network) -> Guess {
        let near = |other| Difference::of(network, other, &self.deviation).covariance(self.scales);
        let near: Vec<f64> = seen.iter().map(near).collect();
        let mean = near.iter().zip(&self.weights).map(|(k, w)| k * w).sum();
        let known: f64 = self.factor.forward(&near).iter().map(|x| x * x).sum();
        Guess {
            mean,
            deviation: (1.0 - known).max(0.0).sqrt(),
        }
    }
}

/// Differences of each network to those before it.
struct Differences(Vec<Vec<Difference>>);

impl Differences {
    fn among(seen: &[Network], deviation: &Features) -> Self {
        let row = |(i, network)| {
            let before = seen[..i].iter();
            before
                .map(|other| Difference::of(network, other, deviation))
                .collect()
        };
        Self(seen.iter().enumerate().map(row).collect())
    }

    /// Cholesky's factor of the covariances. The noise keeps the matrix positive definite.
    fn factor(&self, scales: Scales) -> Factor {
        let mut factor = Factor(Vec::with_capacity(self.0.len()));
        for differences in &self.0 {
            let covariances: Vec<f64> = differences.iter().map(|d| d.covariance(scales)).collect();
            let mut row = factor.forward(&covariances);
            let known: f64 = row.iter().map(|x| x * x).sum();
            row.push((1.0 + scales.noise - known).max(scales.noise).sqrt());
            factor.0.push(row);
        }
        factor
    }
}

impl Factor {
    /// Solves `L·x = right`.
    fn forward(&self, right: &[f64]) -> Vec<f64> {
        let mut solved: Vec<f64> = Vec::with_capacity(right.len() + 1);
        for (row, value) in self.0.iter().zip(right) {
            let known: f64 = row.iter().zip(&solved).map(|(l, x)| l * x).sum();
            solved.push((value - known) / row[solved.len()]);
        }
        solved
    }

    /// Solves `Lᵀ·x = right`.
    fn backward(&self, right: Vec<f64>) -> Vec<f64> {
        let mut solved = right;
        for (i, row) in self.0.iter().enumerate().rev() {
            let x = solved[i] / row[i];
            solved[i] = x;
            for (rest, l) in solved.iter_mut().zip(&row[..i]) {
                *rest -= l * x;
            }
        }
        solved
    }
}
