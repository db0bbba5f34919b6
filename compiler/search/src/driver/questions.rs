//! What is asked: the window is filled with the strategy's questions, answered by the journal where it
//! can, and given to the workers where it cannot.

use rand::{Rng, SeedableRng};

use super::{Driver, Slot, State};
use crate::SearchRng;
use crate::constraint::Cost;
use crate::evaluate::{Candidate, CandidateId};
use crate::search::{SearchError, Stopped};
use crate::strategy::{Ask, Proposer};
use crate::workers::Workers;

impl Driver<'_, '_> {
    /// Asks until the window is full.
    pub(crate) fn ask(&mut self, workers: &Workers<'_>) -> Result<(), SearchError> {
        while self.stopped.is_none() && self.window.len() < self.setup.settings.window.max(1) {
            if self
                .setup
                .settings
                .stop
                .trials
                .is_some_and(|trials| self.asked >= trials)
            {
                self.stopped = Some(Stopped::Trials);
                return Ok(());
            }
            // What was started in an earlier session was started in time.
            let is_recorded = self.session.history.started.contains_key(&self.asked);
            if !is_recorded && self.is_late() {
                self.stop(Stopped::Time, workers);
                return Ok(());
            }
            let Some((candidate, cost)) = self.question() else {
                if self.candidates.is_empty() {
                    return Err(SearchError::NothingFits(self.misfit.clone()));
                }
                self.stopped = Some(Stopped::Exhausted);
                return Ok(());
            };
            self.enter(candidate, cost, workers)?;
        }
        Ok(())
    }

    /// Puts a question into the window, answered if the journal has the answer.
    fn enter(
        &mut self,
        candidate: Candidate,
        cost: Cost,
        workers: &Workers<'_>,
    ) -> Result<(), SearchError> {
        let trial = self.asked;
        if let Some((architecture, rung)) = self.session.history.started.get(&trial)
            && (*architecture != candidate.architecture || *rung != candidate.rung)
        {
            return Err(SearchError::OtherHistory { trial });
        }
        let state = match self.session.history.verdicts.get(&trial) {
            Some(verdict) => State::Done(verdict.clone()),
            None => {
                workers.give(trial, candidate.clone());
                State::Waiting
            }
        };
        self.asked += 1;
        self.window.push_back(Slot {
            trial,
            candidate,
            cost,
            state,
        });
        Ok(())
    }

    /// The strategy's next candidate.
    fn question(&mut self) -> Option<(Candidate, Cost)> {
        let settings = self.setup.settings;
        let mut proposer = Proposer {
            space: self.setup.space,
            price: self.setup.price,
            constraints: self.setup.constraints,
            seen: &self.seen,
            rng: stream(settings.seed, self.asked as u64, Purpose::Question),
            misfit: &mut self.misfit,
        };
        match self.strategy.ask(&mut proposer)? {
            Ask::New(proposal) => {
                let id = CandidateId(self.candidates.len() as u64);
                self.seen.insert(proposal.graph.clone());
                let candidate = Candidate {
                    id,
                    architecture: proposal.architecture,
                    graph: proposal.graph,
                    seed: stream(settings.seed, id.0, Purpose::Training).next_u64(),
                    rung: 0,
                    budget: settings.rungs[0],
                    parent: proposal.parent,
                };
                self.candidates.push((candidate.clone(), proposal.cost));
                Some((candidate, proposal.cost))
            }
            Ask::Promote(id) => {
                let (candidate, cost) = &mut self.candidates[id.0 as usize];
                candidate.rung += 1;
                candidate.budget = settings.rungs[candidate.rung];
                Some((candidate.clone(), *cost))
            }
        }
    }
}

/// What a stream of random numbers is for.
#[derive(Clone, Copy)]
enum Purpose {
    Question,
    Training,
}

/// A generator of its own per question and per network: what one draws cannot shift another's.
fn stream(seed: u64, number: u64, purpose: Purpose) -> SearchRng {
    let mut rng = SearchRng::seed_from_u64(seed);
    rng.set_stream(2 * number + purpose as u64);
    rng
}
