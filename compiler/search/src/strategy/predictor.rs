//! A guess at a network's accuracy from its genes and its price, learned while the search runs: ridge
//! regression on a few standardised features. It only ranks proposals; how far it is trusted is
//! learned as well. Before each result is learned it is predicted, and trust is the correlation of
//! those predictions with the results, zero until there are enough and zero when it is negative:
//! a predictor that does not predict does not choose.
//!
//! Cost: O(n·d²) per fit with d = 14 features and n results.

use crate::constraint::Cost;
use crate::space::{Architecture, Block, Head};

const FEATURES: usize = 14;
/// Results needed before anything is predicted.
const ENOUGH: usize = 8;
/// Only the last predictions count for trust: the predictor improves.
const RECENT: usize = 32;
/// Weight of the ridge, in results.
const RIDGE: f64 = 1.0;

type Features = [f64; FEATURES];

/// Learns accuracies; all arithmetic is in a fixed order, so equal histories give equal predictions.
#[derive(Clone, Debug, Default)]
pub struct Predictor {
    seen: Vec<(Features, f64)>,
    fitted: Option<Fitted>,
    /// Predictions made before the result was learned, and the results.
    tried: Vec<(f64, f64)>,
}

#[derive(Clone, Debug)]
struct Fitted {
    mean: Features,
    deviation: Features,
    weights: Features,
    base: f64,
}

impl Predictor {
    /// Learns that the network scored `accuracy`.
    pub fn learn(&mut self, architecture: &Architecture, cost: &Cost, accuracy: f64) {
        let features = features(architecture, cost);
        if let Some(fitted) = &self.fitted {
            self.tried.push((fitted.predict(&features), accuracy));
        }
        self.seen.push((features, accuracy));
        if self.seen.len() >= ENOUGH {
            self.fitted = Some(fit(&self.seen));
        }
    }

    /// The expected accuracy, or `None` before enough was learned.
    pub fn predict(&self, architecture: &Architecture, cost: &Cost) -> Option<f64> {
        let fitted = self.fitted.as_ref()?;
        Some(fitted.predict(&features(architecture, cost)))
    }

    /// How far to trust predictions, in [0, 1].
    pub fn trust(&self) -> f64 {
        if self.tried.len() < ENOUGH {
            return 0.0;
        }
        let recent = &self.tried[self.tried.len().saturating_sub(RECENT)..];
        correlation(recent).clamp(0.0, 1.0)
    }
}

impl Fitted {
    fn predict(&self, features: &Features) -> f64 {
        let standardised = |i: usize| (features[i] - self.mean[i]) / self.deviation[i];
        let weighted = (0..FEATURES).map(|i| self.weights[i] * standardised(i));
        self.base + weighted.sum::<f64>()
    }
}

fn features(architecture: &Architecture, cost: &Cost) -> Features {
    let log = |x: f64| (1.0 + x).ln();
    let blocks = &architecture.blocks;
    let count = |kind: fn(&Block) -> bool| blocks.iter().filter(|block| kind(block)).count() as f64;
    let widths: Vec<usize> = blocks.iter().filter_map(Block::width).collect();
    let windows = || blocks.iter().filter_map(Block::window);
    let mean = |sum: usize, n: usize| sum as f64 / n.max(1) as f64;
    [
        log(cost.flash_bytes as f64),
        log(cost.arena_bytes as f64),
        log(cost.macs as f64),
        architecture.pool as f64,
        blocks.len() as f64,
        count(|block| matches!(block, Block::Conv { .. })),
        count(|block| {
            matches!(
                block,
                Block::Separable { .. } | Block::InvertedResidual { .. }
            )
        }),
        count(|block| matches!(block, Block::Residual { .. })),
        count(|block| matches!(block, Block::MaxPool { .. } | Block::AveragePool { .. })),
        log(widths.iter().max().copied().unwrap_or(0) as f64),
        mean(windows().map(|w| w.kernel).sum(), windows().count()),
        windows().map(|w| (w.stride.max(1) as f64).ln()).sum(),
        f64::from(u8::from(architecture.head == Head::GlobalDepthwise)),
        log(architecture.hidden.unwrap_or(0) as f64),
    ]
}

/// Ridge regression by the normal equations of the standardised features.
fn fit(seen: &[(Features, f64)]) -> Fitted {
    let n = seen.len() as f64;
    let base = seen.iter().map(|(_, y)| y).sum::<f64>() / n;
    let mut mean = [0.0; FEATURES];
    let mut deviation = [0.0; FEATURES];
    for i in 0..FEATURES {
        mean[i] = seen.iter().map(|(x, _)| x[i]).sum::<f64>() / n;
        let variance = seen
            .iter()
            .map(|(x, _)| (x[i] - mean[i]).powi(2))
            .sum::<f64>()
            / n;
        // A feature that never varied says nothing; any divisor will do.
        deviation[i] = if variance > 1e-12 {
            variance.sqrt()
        } else {
            1.0
        };
    }
    let mut matrix = [[0.0; FEATURES]; FEATURES];
    let mut right = [0.0; FEATURES];
    for (x, y) in seen {
        let z: Features = std::array::from_fn(|i| (x[i] - mean[i]) / deviation[i]);
        for i in 0..FEATURES {
            for j in 0..FEATURES {
                matrix[i][j] += z[i] * z[j];
            }
            right[i] += z[i] * (y - base);
        }
    }
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += RIDGE;
    }
    Fitted {
        mean,
        deviation,
        weights: solve(matrix, right),
        base,
    }
}

/// Gaussian elimination. The ridge makes the matrix positive definite: no pivoting is needed.
fn solve(mut matrix: [Features; FEATURES], mut right: Features) -> Features {
    for column in 0..FEATURES {
        let pivot = matrix[column];
        for row in column + 1..FEATURES {
            let factor = matrix[row][column] / pivot[column];
            for k in column..FEATURES {
                matrix[row][k] -= factor * pivot[k];
            }
            right[row] -= factor * right[column];
        }
    }
    let mut solution = [0.0; FEATURES];
    for row in (0..FEATURES).rev() {
        let known: f64 = (row + 1..FEATURES)
            .map(|k| matrix[row][k] * solution[k])
            .sum();
        solution[row] = (right[row] - known) / matrix[row][row];
    }
    solution
}

/// Pearson's correlation; zero where one side does not vary.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len().max(1) as f64;
    let mean_x = pairs.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = pairs.iter().map(|(_, y)| y).sum::<f64>() / n;
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mean_x) * (y - mean_y);
        xx += (x - mean_x).powi(2);
        yy += (y - mean_y).powi(2);
    }
    if xx * yy <= 0.0 {
        0.0
    } else {
        xy / (xx * yy).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            predictor.predict(&architecture, &cost)
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
