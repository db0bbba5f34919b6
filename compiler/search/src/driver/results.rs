//! What becomes of questions: news from the workers is recorded as it comes, and told in the order of
//! the questions.

use std::io;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use super::{Driver, Slot, State};
use crate::evaluate::{EvaluateError, Score};
use crate::journal::{Event, Verdict};
use crate::search::{Happened, SearchError, Stopped};
use crate::strategy::Told;
use crate::workers::{News, Workers};

/// How often time and the cancel flag are looked at while all workers are busy.
const TICK: Duration = Duration::from_millis(100);

impl Driver<'_, '_> {
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
            proxies: self.archive.proxies(candidate.id),
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
            parent: candidate.parent.as_ref().map(|parent| parent.id),
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
}
