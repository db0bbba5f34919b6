//! Successive halving without barriers, around any strategy: a question goes to the best network of a
//! rung that is among its top 1/η and was not promoted yet, highest rung first; if there is none, the
//! inner strategy is asked for a new network. Source: ASHA (arXiv 1810.05934). Made deterministic by
//! the driver, which tells results in the order of the questions.
//!
//! The inner strategy is told every result; a later rung replaces the score of an earlier one.

use std::cmp::Ordering;

use super::{Ask, Proposer, Strategy, Told};
use crate::evaluate::{CandidateId, EvaluateError};
use crate::supernet::{Gates, Relax};

/// Successive halving around `inner`.
pub struct Rungs {
    inner: Box<dyn Strategy>,
    /// Members of each rung but the last: network, accuracy, loss, whether it was promoted.
    rungs: Vec<Vec<Member>>,
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
        self.inner.tell(told);
    }
}

/// Accuracy, then loss (accuracy on a small validation set is coarse), then age.
fn best_first(a: &Member, b: &Member) -> Ordering {
    b.accuracy
        .total_cmp(&a.accuracy)
        .then(a.loss.total_cmp(&b.loss))
        .then(a.id.cmp(&b.id))
}
