//! The state of a running search and its steps; [`crate::search()`] is the loop over them.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use ember_ir::Graph;
use rand::{Rng, SeedableRng};

use crate::SearchRng;
use crate::archive::Archive;
use crate::constraint::{Cost, Violation};
use crate::evaluate::{Candidate, CandidateId, EvaluateError, Score};
use crate::journal::{Event, Verdict};
use crate::search::{Happened, Outcome, Progress, SearchError, Session, Setup, Stopped};
use crate::strategy::{self, Ask, Proposer, Rungs, Strategy, Told};
use crate::workers::{News, Workers};

/// How often time and the cancel flag are looked at while all workers are busy.
const TICK: Duration = Duration::from_millis(100);

/// A question that was asked and whose result is not told yet.
struct Slot {
    trial: usize,
    candidate: Candidate,
    cost: Cost,
    state: State,
}

enum State {
    /// Given to the workers.
    Waiting,
    /// Taken by one of them.
    Running,
    /// Given up by the evaluator.
    Cancelled,
    /// Done; told as soon as all earlier questions are.
    Done(Verdict),
}

pub(crate) struct Driver<'a, 's> {
    setup: &'a Setup<'a>,
    session: Session<'s>,
    strategy: Box<dyn Strategy>,
    /// Every network asked for, by number, on the highest rung it was asked on.
    candidates: Vec<(Candidate, Cost)>,
    seen: HashSet<Graph>,
    misfit: Vec<Violation>,
    /// Asked and not told, in the order of the questions.
    window: VecDeque<Slot>,
    asked: usize,
    archive: Archive,
    /// No question is asked any more.
    stopped: Option<Stopped>,
    /// Whether this session wrote anything to the journal.
    has_written: bool,
}

impl<'a, 's> Driver<'a, 's> {
    pub(crate) fn new(setup: &'a Setup<'a>, session: Session<'s>) -> Self {
        let settings = setup.settings;
        let inner = strategy::new(settings.strategy, settings.evolution, *setup.constraints);
        let strategy: Box<dyn Strategy> = match settings.rungs.len() {
            0 | 1 => inner,
            rungs => Box::new(Rungs::new(inner, rungs, settings.eta)),
        };
        Self {
            setup,
            session,
            strategy,
            candidates: Vec::new(),
            seen: HashSet::new(),
            misfit: Vec::new(),
            window: VecDeque::new(),
            asked: 0,
            archive: Archive::default(),
            stopped: None,
            has_written: false,
        }
    }

    /// Writes the header of a new journal.
    pub(crate) fn open(&mut self) -> Result<(), SearchError> {
        if !self.session.history.has_header() {
            let header = self.setup.identity.header();
            self.record(&header)?;
            return Ok(());
        }
        let recorded = self.session.history.verdicts.len();
        self.report(Happened::Resumed { recorded });
        Ok(())
    }

    /// Whether there is anything left to do.
    pub(crate) fn is_open(&self) -> bool {
        match self.stopped {
            None => true,
            Some(Stopped::Interrupted) => self.window.iter().any(Slot::is_pending),
            Some(_) => !self.window.is_empty(),
        }
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

    /// Tells the oldest question's result if it is there; says whether it was.
    pub(crate) fn tell(&mut self) -> bool {
        let is_done = |slot: &mut Slot| matches!(slot.state, State::Done(_));
        let Some(slot) = self.window.pop_front_if(is_done) else {
            return false;
        };
        let State::Done(verdict) = slot.state else {
            return false;
        };
        let (candidate, cost) = (slot.candidate, slot.cost);
        let score = match &verdict {
            Verdict::Scored(score) => Some(*score),
            Verdict::Failed(_) => None,
        };
        self.strategy.tell(&Told {
            id: candidate.id,
            rung: candidate.rung,
            architecture: &candidate.architecture,
            cost: &cost,
            score,
        });
        match verdict {
            Verdict::Scored(score) => {
                self.archive
                    .score(&candidate, cost, score, self.setup.constraints);
            }
            Verdict::Failed(reason) => self.archive.fail(&candidate, reason),
        }
        if let Some(reason) = self.goal(candidate.rung, score) {
            // What was asked ahead does not belong to the result, or the result would depend on how
            // far ahead the workers got.
            self.stopped = Some(reason);
            self.window.clear();
        }
        true
    }

    /// The condition on results that is met by the last one.
    fn goal(&self, rung: usize, score: Option<Score>) -> Option<Stopped> {
        let settings = self.setup.settings;
        let is_full = rung + 1 == settings.rungs.len();
        let has_reached = |target: f32| score.is_some_and(|score| score.accuracy >= target);
        if is_full && settings.stop.target_accuracy.is_some_and(has_reached) {
            return Some(Stopped::Target);
        }
        let idle = self.archive.idle();
        settings
            .stop
            .patience
            .is_some_and(|patience| idle >= patience.max(1))
            .then_some(Stopped::Patience)
    }

    /// Waits for news from the workers.
    pub(crate) fn listen(&mut self, workers: &Workers<'_>) -> Result<(), SearchError> {
        if !self.window.iter().any(Slot::is_pending) {
            return Ok(());
        }
        match workers.news.recv_timeout(TICK) {
            Ok(News::Started(trial)) => self.started(trial),
            Ok(News::Finished(trial, Err(EvaluateError::Cancelled))) => {
                if let Some(slot) = self.slot(trial) {
                    slot.state = State::Cancelled;
                }
                // Whoever cancels evaluations cancels the search.
                self.stop(Stopped::Interrupted, workers);
                Ok(())
            }
            Ok(News::Finished(trial, result)) => self.finished(trial, result),
            Err(RecvTimeoutError::Timeout) => {
                if self.stopped.is_none() && self.is_late() {
                    self.stop(Stopped::Time, workers);
                }
                self.report(Happened::Tick);
                Ok(())
            }
            Err(RecvTimeoutError::Disconnected) => Err(SearchError::Threads(io::Error::other(
                "BUG: all workers ended",
            ))),
        }
    }

    fn started(&mut self, trial: usize) -> Result<(), SearchError> {
        let elapsed_ms = self.elapsed_ms();
        let Some(slot) = self.slot(trial) else {
            return Ok(());
        };
        slot.state = State::Running;
        let (candidate, cost) = (slot.candidate.clone(), slot.cost);
        self.record(&Event::Started {
            trial,
            candidate: candidate.id,
            rung: candidate.rung,
            parent: candidate.parent,
            architecture: candidate.architecture.clone(),
            cost,
            elapsed_ms,
        })?;
        self.report(Happened::Started {
            candidate: &candidate,
            cost: &cost,
        });
        Ok(())
    }

    /// Records a verdict and keeps it until its turn.
    fn finished(
        &mut self,
        trial: usize,
        result: Result<Score, EvaluateError>,
    ) -> Result<(), SearchError> {
        let elapsed_ms = self.elapsed_ms();
        let verdict = Verdict::of(result);
        // The verdict as the journal has it, so that a resumed search learns the same digits.
        let written = self.record(&verdict.event(trial, elapsed_ms))?;
        let verdict = written.verdict().unwrap_or(verdict);
        let Some(slot) = self.slot(trial) else {
            return Ok(());
        };
        slot.state = State::Done(verdict.clone());
        let (candidate, cost) = (slot.candidate.clone(), slot.cost);
        self.report(match &verdict {
            Verdict::Scored(score) => Happened::Scored {
                candidate: &candidate,
                cost: &cost,
                score,
            },
            Verdict::Failed(reason) => Happened::Failed {
                candidate: &candidate,
                reason,
            },
        });
        Ok(())
    }

    /// Ends the search for a reason outside of it. Jobs that no worker took are forgotten, but when
    /// the time is up only those that no earlier session took either: those were in time, and the
    /// result must not depend on the interruption.
    pub(crate) fn stop(&mut self, reason: Stopped, workers: &Workers<'_>) {
        let is_interrupt = reason == Stopped::Interrupted;
        if self.stopped == Some(reason) || (self.stopped.is_some() && !is_interrupt) {
            return;
        }
        self.stopped = Some(reason);
        let started = &self.session.history.started;
        let withdrawn = workers.withdraw(|trial| is_interrupt || !started.contains_key(&trial));
        let first = withdrawn.and_then(|trial| self.window.iter().position(|s| s.trial == trial));
        if let Some(first) = first {
            self.window.truncate(first);
        }
    }

    /// Writes the end into the journal and sums up.
    pub(crate) fn close(mut self) -> Result<Outcome, SearchError> {
        let because = self.stopped.unwrap_or(Stopped::Interrupted);
        // Looking at a finished search again must not make its journal grow.
        if self.has_written || self.session.history.stopped != Some(because) {
            let elapsed_ms = self.elapsed_ms();
            self.record(&Event::Stopped {
                because,
                elapsed_ms,
            })?;
        }
        let elapsed = self.elapsed();
        let settings = self.setup.settings;
        Ok(self
            .archive
            .outcome(self.setup.constraints, settings, because, elapsed))
    }

    fn slot(&mut self, trial: usize) -> Option<&mut Slot> {
        self.window.iter_mut().find(|slot| slot.trial == trial)
    }

    /// Appends the event to the journal and returns it as it will be read back.
    fn record(&mut self, event: &Event) -> Result<Event, SearchError> {
        let encoding = |error: serde_json::Error| SearchError::Journal(error.into());
        let line = event.line().map_err(encoding)?;
        self.session
            .journal
            .append(&line)
            .map_err(SearchError::Journal)?;
        self.has_written = true;
        serde_json::from_str(&line).map_err(encoding)
    }

    fn report(&mut self, event: Happened<'_>) {
        let running = |slot: &&Slot| matches!(slot.state, State::Running);
        let done = |slot: &&Slot| matches!(slot.state, State::Done(_));
        let progress = Progress {
            event,
            finished: self.archive.told() + self.window.iter().filter(done).count(),
            trials: self.setup.settings.stop.trials,
            running: self.window.iter().filter(running).count(),
            best: self.archive.best(),
            elapsed: self.session.history.elapsed + (self.session.clock)(),
        };
        (self.session.progress)(&progress);
    }

    fn is_late(&self) -> bool {
        self.setup
            .settings
            .stop
            .time
            .is_some_and(|limit| self.elapsed() >= limit)
    }

    fn elapsed(&self) -> Duration {
        self.session.history.elapsed + (self.session.clock)()
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Slot {
    /// Whether a worker will report on it.
    fn is_pending(&self) -> bool {
        matches!(self.state, State::Waiting | State::Running)
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
