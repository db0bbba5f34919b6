//! What is asked: the window is filled with the strategy's questions, answered by the journal where it
//! can, and given to the workers where it cannot.

use std::collections::HashSet;

use ember_ir::Graph;
use rand::{Rng, SeedableRng};

use super::{Driver, Slot, State};
use crate::SearchRng;
use crate::constraint::{Cost, Violation};
use crate::evaluate::{Candidate, CandidateId, EvaluateError, Parent};
use crate::journal::Event;
use crate::probe::Probing;
use crate::repair::repair;
use crate::search::{Happened, SearchError, Setup, Stopped};
use crate::space::Architecture;
use crate::strategy::{Ask, Proposal, Proposer};
use crate::workers::Workers;

impl Driver<'_, '_> {
    /// Lets the strategy prepare itself, or reminds it of what it learned in an earlier session.
    pub(crate) fn prepare(&mut self, workers: &Workers<'_>) -> Result<(), SearchError> {
        let setup = self.setup;
        let Some(supernets) = setup
            .supernets
            .filter(|_| setup.settings.strategy.prepares())
        else {
            return Ok(());
        };
        if self.session.history.prepared.is_none() {
            if setup.settings.stop.trials == Some(0) || self.is_late() {
                return Ok(());
            }
            self.report(Happened::Preparing);
            let mut proposer = proposer(setup, &[], &self.seen, &mut self.misfit, PREPARATION);
            let gates = match self.strategy.prepare(&mut proposer, supernets) {
                Ok(Some(gates)) => gates,
                Ok(None) => return Ok(()),
                Err(EvaluateError::Cancelled) => {
                    self.stop(Stopped::Interrupted, workers);
                    return Ok(());
                }
                Err(error) => return Err(SearchError::Supernet(error)),
            };
            let elapsed_ms = self.elapsed_ms();
            // As the journal has it, so that a resumed search learns the same digits.
            let written = self.record(&Event::Prepared { gates, elapsed_ms })?;
            self.session.history.prepared = written.prepared();
        }
        if let Some(gates) = self.session.history.prepared.clone() {
            let mut proposer = proposer(setup, &[], &self.seen, &mut self.misfit, PREPARATION);
            self.strategy.resume(&mut proposer, gates);
        }
        Ok(())
    }

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
            let Some((candidate, cost)) = self.question()? else {
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

    /// The next candidate: a seed as long as there is one, then the strategy's.
    fn question(&mut self) -> Result<Option<(Candidate, Cost)>, SearchError> {
        if let Some(proposal) = self.seed()? {
            let (candidate, cost) = self.new_candidate(proposal);
            self.seeded
                .push((candidate.id, candidate.architecture.clone()));
            return Ok(Some((candidate, cost)));
        }
        let settings = self.setup.settings;
        let number = self.asked as u64;
        let (seen, misfit) = (&self.seen, &mut self.misfit);
        let mut proposer = proposer(self.setup, &self.seeded, seen, misfit, number);
        Ok(match self.strategy.ask(&mut proposer) {
            None => None,
            Some(Ask::New(proposal)) => Some(self.new_candidate(*proposal)),
            Some(Ask::Promote(id)) => {
                let (candidate, cost) = &mut self.candidates[id.0 as usize];
                candidate.rung += 1;
                candidate.proxy = None;
                candidate.budget = settings.rungs[candidate.rung];
                Some((candidate.clone(), *cost))
            }
        })
    }

    /// The next seed, repaired if need be; one that was asked for already is passed over.
    fn seed(&mut self) -> Result<Option<Proposal>, SearchError> {
        let setup = self.setup;
        while let Some(seed) = setup.seeds.get(self.seeds) {
            let repaired = repair(setup.space, setup.price, setup.constraints, seed.clone());
            let fitting = repaired.map_err(|violations| SearchError::SeedDoesNotFit {
                seed: self.seeds,
                architecture: seed.clone(),
                violations,
            })?;
            self.seeds += 1;
            if !self.seen.contains(&fitting.graph) {
                return Ok(Some(Proposal::from(fitting)));
            }
        }
        Ok(None)
    }

    /// A network to be trained for the first time.
    fn new_candidate(&mut self, proposal: Proposal) -> (Candidate, Cost) {
        let settings = self.setup.settings;
        let id = CandidateId(self.candidates.len() as u64);
        self.seen.insert(proposal.graph.clone());
        let narrow = settings.proxy_network && settings.rungs.len() > 1;
        let narrow = narrow.then(|| proposal.architecture.scaled(1, 2));
        let candidate = Candidate {
            id,
            proxy: narrow.map(|narrow| self.setup.space.build(&narrow)),
            architecture: proposal.architecture,
            graph: proposal.graph,
            seed: stream(settings.seed, id.0, Purpose::Training).next_u64(),
            rung: 0,
            budget: settings.rungs[0],
            parent: proposal.parent.map(|id| self.parent(id)),
        };
        let probing = probing(self.setup);
        if let Some(proxies) = probing.and_then(|probing| probing.proxies(&candidate.graph)) {
            self.archive.probe(id, proxies);
        }
        self.candidates.push((candidate.clone(), proposal.cost));
        (candidate, proposal.cost)
    }

    /// A network by the number that the strategy knows it by.
    fn parent(&self, id: CandidateId) -> Parent {
        Parent {
            id,
            graph: self.candidates[id.0 as usize].0.graph.clone(),
        }
    }
}

/// Number of the question before all others.
const PREPARATION: u64 = u64::MAX >> 1;

/// Where the networks of a question come from.
fn proposer<'a>(
    setup: &'a Setup<'_>,
    seeds: &'a [(CandidateId, Architecture)],
    seen: &'a HashSet<Graph>,
    misfit: &'a mut Vec<Violation>,
    number: u64,
) -> Proposer<'a> {
    Proposer {
        space: setup.space,
        price: setup.price,
        constraints: setup.constraints,
        probing: probing(setup),
        seeds,
        seen,
        rng: stream(setup.settings.seed, number, Purpose::Question),
        misfit,
    }
}

/// Who looks at untrained networks, if the settings want it.
fn probing<'a>(setup: &'a Setup<'_>) -> Option<Probing<'a>> {
    let probe = setup.probe.filter(|_| setup.settings.proxies)?;
    Some(Probing {
        probe,
        seed: setup.settings.seed,
    })
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
