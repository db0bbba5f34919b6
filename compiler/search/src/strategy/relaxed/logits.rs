//! Architecture parameters: a logit per option of each gene, the gates they give, and their optimiser.

use rand::RngExt as _;

use crate::SearchRng;
use crate::supernet::Gates;

/// Adam's memories as in DARTS: the slope turns quickly, its size slowly.
const BETA1: f64 = 0.5;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;
/// Pulls logits back to where nothing is decided.
const DECAY: f64 = 1e-3;

/// How logits become gates.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::strategy) struct Sampling {
    /// Gumbel noise is added: the gates are a draw and not the mean of all.
    pub noisy: bool,
    /// Only the largest option is there; slopes pass as if the soft gates were (straight through).
    pub hard: bool,
    /// The lower, the closer soft gates are to one option.
    pub temperature: f64,
}

/// Gates and the way back to the logits.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::strategy) struct Drawn {
    /// What the mixture consists of.
    pub gates: Gates,
    /// The soft gates; equal to `gates` unless those are hard.
    soft: Gates,
    temperature: f64,
}

/// Logits with the state of Adam (arXiv 1412.6980).
#[derive(Clone, PartialEq, Debug)]
pub(in crate::strategy) struct Logits {
    values: Gates,
    moments: [Gates; 2],
    steps: i32,
}

impl Logits {
    /// Nothing is decided.
    pub fn new(options: &[usize]) -> Self {
        let zeros = || Gates::filled(options, 0.0);
        Self {
            values: zeros(),
            moments: [zeros(), zeros()],
            steps: 0,
        }
    }

    /// The logits.
    pub fn values(&self) -> &Gates {
        &self.values
    }

    /// These logits, whatever moved them.
    pub fn from_values(values: Gates) -> Self {
        let options: Vec<usize> = values.0.iter().map(Vec::len).collect();
        Self {
            values,
            ..Self::new(&options)
        }
    }

    /// Gates: softmax((log softmax(logits) + noise) / temperature); the noise is Gumbel's, −log of an
    /// exponential number, so that a hard draw has the probabilities of the softmax.
    pub fn draw(&self, sampling: Sampling, rng: &mut SearchRng) -> Drawn {
        let mut soft = Gates::default();
        for logits in &self.values.0 {
            let disturbed: Vec<f64> = softmax(logits)
                .into_iter()
                .map(|chance| {
                    let noise = if sampling.noisy { gumbel(rng) } else { 0.0 };
                    (chance.max(f64::MIN_POSITIVE).ln() + noise) / sampling.temperature
                })
                .collect();
            soft.0.push(softmax(&disturbed));
        }
        let options: Vec<usize> = soft.0.iter().map(Vec::len).collect();
        let gates = if sampling.hard {
            Gates::one_hot(&options, &soft.largest())
        } else {
            soft.clone()
        };
        Drawn {
            gates,
            soft,
            temperature: sampling.temperature,
        }
    }

    /// A step of at most about `rate` per logit against a slope with regard to the logits.
    pub fn step(&mut self, slope: &Gates, rate: f64) {
        self.steps += 1;
        let [first, second] = &mut self.moments;
        let correct = [1.0 - BETA1.powi(self.steps), 1.0 - BETA2.powi(self.steps)];
        for (gene, slope) in slope.0.iter().enumerate() {
            for (option, slope) in slope.iter().enumerate() {
                let value = &mut self.values.0[gene][option];
                let slope = slope + DECAY * *value;
                let (m, v) = (&mut first.0[gene][option], &mut second.0[gene][option]);
                *m = BETA1 * *m + (1.0 - BETA1) * slope;
                *v = BETA2 * *v + (1.0 - BETA2) * slope * slope;
                *value -= rate * (*m / correct[0]) / ((*v / correct[1]).sqrt() + EPSILON);
            }
        }
    }
}

impl Drawn {
    /// The slope with regard to the logits, given one with regard to the gates: through the softmax at its
    /// temperature (the log softmax inside only shifts all logits of a gene alike).
    pub fn back(&self, slope: &Gates) -> Gates {
        let genes = self.soft.0.iter().zip(&slope.0);
        Gates(
            genes
                .map(|(soft, slope)| {
                    let mean: f64 = soft.iter().zip(slope).map(|(y, g)| y * g).sum();
                    let each = soft.iter().zip(slope);
                    each.map(|(y, g)| y * (g - mean) / self.temperature)
                        .collect()
                })
                .collect(),
        )
    }
}

/// Probabilities of logits.
pub(in crate::strategy) fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn gumbel(rng: &mut SearchRng) -> f64 {
    let exponential = -(1.0 - rng.random_range(0.0..1.0f64)).ln();
    -exponential.max(f64::MIN_POSITIVE).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    fn sampling(noisy: bool, hard: bool) -> Sampling {
        Sampling {
            noisy,
            hard,
            temperature: 0.7,
        }
    }

    #[test]
    fn slopes_come_back_as_differences_say() {
        let logits = Logits::from_values(Gates(vec![vec![0.3, -0.2, 1.0], vec![0.0, 0.5]]));
        let weights = Gates(vec![vec![1.0, -2.0, 0.5], vec![3.0, 1.0]]);
        let loss = |logits: &Logits| -> f64 {
            let mut rng = SearchRng::seed_from_u64(5);
            let gates = logits.draw(sampling(true, false), &mut rng).gates;
            let genes = gates.0.iter().zip(&weights.0);
            genes
                .flat_map(|(gates, weights)| gates.iter().zip(weights))
                .map(|(gate, weight)| gate * weight)
                .sum()
        };
        let drawn = logits.draw(sampling(true, false), &mut SearchRng::seed_from_u64(5));
        let slope = drawn.back(&weights);
        for (gene, option) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)] {
            let moved = |by: f64| {
                let mut values = logits.values().clone();
                values.0[gene][option] += by;
                loss(&Logits::from_values(values))
            };
            let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((difference - slope.0[gene][option]).abs() < 1e-6);
        }
    }

    #[test]
    fn hard_draws_have_the_probabilities_of_the_softmax() {
        let logits = Logits::from_values(Gates(vec![vec![0.0, 3f64.ln()]]));
        let mut rng = SearchRng::seed_from_u64(1);
        let mut seconds = 0;
        for _ in 0..2000 {
            let gates = logits.draw(sampling(true, true), &mut rng).gates;
            assert_eq!(gates.0[0].iter().sum::<f64>(), 1.0);
            seconds += gates.largest()[0];
        }
        assert!((1400..1600).contains(&seconds), "{seconds} of 2000");
    }

    #[test]
    fn logits_go_against_the_slope() {
        let mut logits = Logits::new(&[2]);
        for _ in 0..100 {
            logits.step(&Gates(vec![vec![1e-3, -1e-3]]), 0.01);
        }
        let values = &logits.values().0[0];
        assert!(values[0] < -0.3 && values[1] > 0.3, "{values:?}");
    }
}
