//! Successive halving without barriers, around any strategy: a question goes to the best network of a
//! rung that is among its top 1/η and was not promoted yet, highest rung first; if there is none, the
//! inner strategy is asked for a new network. Source: ASHA (arXiv 1810.05934). Made deterministic by
//! the driver, which tells results in the order of the questions.
//!
//! The inner strategy is told every result, of a later rung less what longer training brings on average: it would
//! otherwise take whoever was promoted for better than all others.

use std::cmp::Ordering;

use super::{Ask, Proposer, Strategy, Told};
use crate::evaluate::{CandidateId, EvaluateError, Score};
use crate::supernet::{Gates, Relax};

/// Successive halving around `inner`.
pub struct Rungs {
    inner: Box<dyn Strategy>,
    /// Members of each rung but the last: network, accuracy, loss, whether it was promoted.
    rungs: Vec<Vec<Member>>,
    /// How much more accurate networks were on each rung than on the first one: the sum, and how many they are.
    gains: Vec<(f32, u16)>,
    /// One in `eta` is promoted.
    eta: usize,
}

struct Member {
    id: CandidateId,
    accuracy: f32,
    loss: f32,
    promoted: bool,
}

impl Rungs {
    /// `rungs` budgets, of which one in `eta` members goes on to the next.
    pub fn new(inner: Box<dyn Strategy>, rungs: usize, eta: usize) -> Self {
        Self {
            inner,
            rungs: (1..rungs).map(|_| Vec::new()).collect(),
            gains: vec![(0.0, 0); rungs],
            eta: eta.max(2),
        }
    }

    fn promotable(&mut self) -> Option<CandidateId> {
        for members in self.rungs.iter_mut().rev() {
            let top = members.len() / self.eta;
            if let Some(member) = members[..top].iter_mut().find(|member| !member.promoted) {
                member.promoted = true;
                return Some(member.id);
            }
        }
        None
    }

    /// What a score says of the network alone, as if all had been trained for as long as on the first rung.
    fn alike(&mut self, told: &Told<'_>) -> Option<Score> {
        let score = told.score?;
        let first = self.rungs.first().filter(|_| told.rung > 0);
        let first = first.and_then(|members| members.iter().find(|member| member.id == told.id));
        let (Some(first), Some((gain, count))) = (first, self.gains.get_mut(told.rung)) else {
            return Some(score);
        };
        *gain += score.accuracy - first.accuracy;
        *count += 1;
        Some(Score {
            accuracy: score.accuracy - *gain / f32::from(*count),
            ..score
        })
    }
}

impl Strategy for Rungs {
    fn prepare(
        &mut self,
        proposer: &mut Proposer<'_>,
        supernets: &dyn Relax,
    ) -> Result<Option<Gates>, EvaluateError> {
        self.inner.prepare(proposer, supernets)
    }

    fn resume(&mut self, proposer: &mut Proposer<'_>, prepared: Gates) {
        self.inner.resume(proposer, prepared);
    }

    fn ask(&mut self, proposer: &mut Proposer<'_>) -> Option<Ask> {
        match self.promotable() {
            Some(id) => Some(Ask::Promote(id)),
            None => self.inner.ask(proposer),
        }
    }

    fn tell(&mut self, told: &Told<'_>) {
        if let (Some(members), Some(score)) = (self.rungs.get_mut(told.rung), told.score) {
            members.push(Member {
                id: told.id,
                accuracy: score.accuracy,
                loss: score.loss,
                promoted: false,
            });
            members.sort_by(best_first);
        }
        let score = self.alike(told);
        self.inner.tell(&Told { score, ..*told });
    }
}

/// Accuracy, then loss (accuracy on a small validation set is coarse), then age.
fn best_first(a: &Member, b: &Member) -> Ordering {
    b.accuracy
        .total_cmp(&a.accuracy)
        .then(a.loss.total_cmp(&b.loss))
        .then(a.id.cmp(&b.id))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::constraint::Cost;
    use crate::metric::Metric;
    use crate::space::{Architecture, Head};
    use ember_ir::Activation;

    /// Notes what it is told.
    struct Listener(Arc<Mutex<Vec<f32>>>);

    impl Strategy for Listener {
        fn ask(&mut self, _: &mut Proposer<'_>) -> Option<Ask> {
            None
        }
        fn tell(&mut self, told: &Told<'_>) {
            let accuracies = told.score.map(|score| score.accuracy);
            self.0.lock().expect("the list").extend(accuracies);
        }
    }

    #[test]
    fn a_longer_training_is_not_taken_for_a_better_network() {
        let architecture = Architecture {
            pool: 1,
            blocks: Vec::new(),
            head: Head::Flatten,
            hidden: None,
            activation: Activation::Relu,
        };
        let cost = Cost {
            flash_bytes: 1,
            ram_bytes: 1,
            arena_bytes: 1,
            instructions: 1,
            macs: 1,
        };
        let heard = Arc::new(Mutex::new(Vec::new()));
        let mut rungs = Rungs::new(Box::new(Listener(heard.clone())), 2, 3);
        let mut tell = |id, rung, accuracy| {
            let score = Score {
                accuracy,
                float_accuracy: accuracy,
                loss: 1.0 - accuracy,
                metric: Metric::Accuracy,
                uncertainty: None,
            };
            rungs.tell(&Told {
                id: CandidateId(id),
                rung,
                architecture: &architecture,
                cost: &cost,
                proxies: None,
                score: Some(score),
            });
        };
        tell(0, 0, 0.5);
        tell(1, 0, 0.625);
        // Twice an eighth more by longer training, then a quarter, where 1/6 is the rule.
        tell(1, 1, 0.75);
        tell(0, 1, 0.625);
        tell(2, 0, 0.5);
        tell(2, 1, 0.75);
        let sixth = 0.5 / 3.0;
        let expected = [0.5, 0.625, 0.625, 0.5, 0.5, 0.75 - sixth];
        assert_eq!(*heard.lock().expect("the list"), expected);
    }
}
