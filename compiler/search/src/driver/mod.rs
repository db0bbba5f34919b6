//! The state of a running search and its steps; [`crate::search()`] is the loop over them: what is
//! asked next is in `questions`, what becomes of it in `results`.

mod questions;
mod results;

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use ember_ir::Graph;

use crate::archive::Archive;
use crate::constraint::{Cost, Violation};
use crate::evaluate::{Candidate, CandidateId};
use crate::journal::{Event, Verdict};
use crate::search::{Happened, Outcome, Progress, SearchError, Session, Setup, Stopped};
use crate::space::Architecture;
use crate::strategy::{self, Rungs, Strategy};
use crate::workers::Workers;

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
    /// Seeds looked at.
    seeds: usize,
    /// Those that were asked for, as repaired.
    seeded: Vec<(CandidateId, Architecture)>,
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
        let inner = strategy::new(settings, *setup.constraints);
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
            seeds: 0,
            seeded: Vec::new(),
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
