//! REINFORCE: a controller draws networks gene by gene, and the gradient of log p(network) times how much
//! better than usual the network was moves its probabilities. One categorical distribution per gene,
//! independent of the others, instead of a recurrent controller, which has more weights than a search has
//! results. Sources: Williams 1992; Zoph and Le (arXiv 1611.01578); independent categoricals as in TuNAS (arXiv
//! 2008.06120).
//!
//! * Reward: accuracy, less a moving average, in moving standard deviations.
//! * A network over the limits is not trained: its reward is minus how far it is over, and the next one
//!   is drawn. If all draws of a question are over, the last one is repaired.
//! * A gene is known by its name ([`Gene`]): the controller knows nothing of the space.

use std::collections::BTreeMap;

use rand::RngExt as _;

use super::relaxed::softmax;
use super::{Ask, Proposer, Strategy, Told};
use crate::SearchRng;
use crate::space::{Architecture, Decide, Gene};

/// Step of the logits per unit of advantage: a hundred results must be enough.
const RATE: f64 = 0.3;
/// Share of the past in the moving averages.
const MEMORY: f64 = 0.9;
/// Largest advantage that counts: one lucky result must not decide everything.
const LARGEST: f64 = 2.0;
/// Draws per question.
const DRAWS: usize = 32;

/// A decision and how it was made.
type Step = (Gene, usize);

/// REINFORCE.
#[derive(Debug, Default)]
pub struct Reinforce {
    policy: Policy,
    rewards: Rewards,
    /// Asked and not told: networks and the decisions behind them.
    pending: Vec<(Architecture, Vec<Step>)>,
}

/// Logits per gene; genes that were never decided are not there yet.
#[derive(Debug, Default)]
struct Policy {
    logits: BTreeMap<Gene, Vec<f64>>,
}

/// Moving mean and variance of rewards.
#[derive(Debug, Default)]
struct Rewards {
    moments: Option<(f64, f64)>,
}

/// The policy at work on one network.
struct Draw<'a> {
    policy: &'a mut Policy,
    rng: &'a mut SearchRng,
    steps: Vec<Step>,
}

impl Policy {
    /// Raises or lowers the probability of these decisions.
    fn learn(&mut self, steps: &[Step], advantage: f64) {
        for (gene, option) in steps {
            let Some(logits) = self.logits.get_mut(gene) else {
                continue;
            };
            let chances = softmax(logits);
            for (i, (logit, chance)) in logits.iter_mut().zip(chances).enumerate() {
                let taken = if i == *option { 1.0 } else { 0.0 };
                *logit += RATE * advantage * (taken - chance);
            }
        }
    }
}

impl Draw<'_> {
    /// An option of the gene by its probability, which starts as `prior`.
    fn decide(&mut self, gene: Gene, prior: impl FnOnce() -> Vec<f64>) -> usize {
        let logits = self.policy.logits.entry(gene).or_insert_with(prior);
        let mut left: f64 = self.rng.random_range(0.0..1.0);
        let chances = softmax(logits);
        let hit = chances.iter().position(|chance| {
            left -= chance;
            left < 0.0
        });
        let option = hit.unwrap_or(chances.len() - 1);
        self.steps.push((gene, option));
        option
    }
}

impl Decide for Draw<'_> {
    fn pick(&mut self, gene: Gene, options: usize) -> usize {
        self.decide(gene, || vec![0.0; options])
    }

    fn flip(&mut self, gene: Gene, chance: f64) -> bool {
        self.decide(gene, || vec![(1.0 - chance).ln(), chance.ln()]) == 1
    }
}

impl Rewards {
    /// How many standard deviations a reward is above the usual.
    fn advantage(&mut self, reward: f64) -> f64 {
        let Some((mean, variance)) = self.moments else {
            self.moments = Some((reward, 0.0));
            return 0.0;
        };
        let surprise = reward - mean;
        let variance = MEMORY * (variance + (1.0 - MEMORY) * surprise * surprise);
        self.moments = Some((mean + (1.0 - MEMORY) * surprise, variance));
        let deviation = variance.sqrt().max(1e-6);
        (surprise / deviation).clamp(-LARGEST, LARGEST)
    }
}

impl Reinforce {
    fn draw(&mut self, proposer: &mut Proposer<'_>) -> (Architecture, Vec<Step>) {
        let mut draw = Draw {
            policy: &mut self.policy,
            rng: &mut proposer.rng,
            steps: Vec::new(),
        };
        let drawn = proposer.space.sample(&mut draw);
        (drawn, draw.steps)
    }
}

impl Strategy for Reinforce {
    fn ask(&mut self, proposer: &mut Proposer<'_>) -> Option<Ask> {
        for last in (0..DRAWS).rev() {
            let (drawn, steps) = self.draw(proposer);
            let excess = proposer.excess(&drawn);
            if excess > 0.0 {
                self.policy.learn(&steps, -excess.min(1.0));
            }
            if (excess <= 0.0 || last == 0)
                && let Some(proposal) = proposer.admit(drawn)
            {
                self.pending.push((proposal.architecture.clone(), steps));
                return Some(Ask::New(Box::new(proposal)));
            }
        }
        // The policy has come to rest on networks that were all asked for.
        Some(Ask::New(Box::new(proposer.sample()?)))
    }

    fn tell(&mut self, told: &Told<'_>) {
        let is_told = |(network, _): &(Architecture, _)| network == told.architecture;
        let Some(place) = self.pending.iter().position(is_told) else {
            return;
        };
        let (_, steps) = self.pending.remove(place);
        if let Some(score) = told.score {
            let advantage = self.rewards.advantage(f64::from(score.accuracy));
            self.policy.learn(&steps, advantage);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::What;
    use rand::SeedableRng as _;

    const GENE: Gene = Gene {
        place: 1,
        what: What::Kind,
    };

    #[test]
    fn what_is_rewarded_becomes_likely() {
        let mut policy = Policy::default();
        let mut rewards = Rewards::default();
        let mut rng = SearchRng::seed_from_u64(1);
        for _ in 0..200 {
            let mut draw = Draw {
                policy: &mut policy,
                rng: &mut rng,
                steps: Vec::new(),
            };
            let option = draw.pick(GENE, 4);
            let steps = draw.steps;
            let reward = if option == 2 { 0.9 } else { 0.8 };
            policy.learn(&steps, rewards.advantage(reward));
        }
        let chances = softmax(&policy.logits[&GENE]);
        assert!(chances[2] > 0.9, "{chances:?}");
    }

    #[test]
    fn chances_start_as_the_space_has_them() {
        let mut policy = Policy::default();
        let mut rng = SearchRng::seed_from_u64(2);
        let mut draw = Draw {
            policy: &mut policy,
            rng: &mut rng,
            steps: Vec::new(),
        };
        let heads = (0..1000).filter(|_| draw.flip(GENE, 0.2)).count();
        assert!((150..250).contains(&heads), "{heads} of 1000");
    }

    #[test]
    fn a_reward_counts_by_how_unusual_it_is() {
        let mut rewards = Rewards::default();
        assert_eq!(rewards.advantage(0.5), 0.0, "nothing is usual yet");
        for _ in 0..50 {
            rewards.advantage(0.6);
            rewards.advantage(0.4);
        }
        let (mean, _) = rewards.moments.unwrap_or_default();
        assert!((mean - 0.5).abs() < 0.02);
        assert!(rewards.advantage(0.6) > 0.5);
        assert_eq!(rewards.advantage(100.0), LARGEST);
    }
}
