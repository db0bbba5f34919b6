//! Threads that evaluate candidates. Jobs are started in the order in which they were given, and a
//! job that was not started yet can be withdrawn.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};

use crate::evaluate::{Candidate, Evaluate, EvaluateError, Score};

/// Automatic differentiation recurses along the graph; the default of a spawned thread is small.
const STACK_BYTES: usize = 16 << 20;

/// News from a worker. Jobs are named by their trial.
pub(crate) enum News {
    /// A worker took the job.
    Started(usize),
    /// The job is done.
    Finished(usize, Result<Score, EvaluateError>),
}

/// Jobs not started yet.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<(usize, Candidate)>,
    closed: bool,
}

/// Closes the queue when dropped, so that the workers end on every way out.
pub(crate) struct Workers<'a> {
    queue: &'a Queue,
    /// News in the order of events.
    pub(crate) news: Receiver<News>,
}

impl<'a> Workers<'a> {
    /// Starts `count` threads, at least one.
    pub(crate) fn start<'scope>(
        scope: &'scope Scope<'scope, 'a>,
        queue: &'a Queue,
        evaluator: &'a dyn Evaluate,
        count: usize,
    ) -> std::io::Result<Self> {
        let (sender, news) = channel();
        let workers = Self { queue, news };
        for _ in 0..count.max(1) {
            let sender = sender.clone();
            Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, move || work(queue, evaluator, &sender))?;
        }
        Ok(workers)
    }

    /// Gives a job to whoever is free first.
    pub(crate) fn give(&self, trial: usize, candidate: Candidate) {
        self.queue.lock().jobs.push_back((trial, candidate));
        self.queue.changed.notify_one();
    }

    /// Takes back the jobs that were not started and that `which` names; returns the first of them.
    pub(crate) fn withdraw(&self, which: impl Fn(usize) -> bool) -> Option<usize> {
        let mut state = self.queue.lock();
        let first = state
            .jobs
            .iter()
            .map(|&(trial, _)| trial)
            .find(|&trial| which(trial));
        state.jobs.retain(|&(trial, _)| !which(trial));
        first
    }
}

impl Drop for Workers<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.closed = true;
        state.jobs.clear();
        self.queue.changed.notify_all();
    }
}

impl Queue {
    /// A queue is consistent at every point where it is unlocked, also after a panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job, or `None` when the queue is closed. `Started` is sent under the lock: news of
    /// starts come in the order of the jobs.
    fn take(&self, sender: &Sender<News>) -> Option<(usize, Candidate)> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                sender.send(News::Started(job.0)).ok()?;
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn work(queue: &Queue, evaluator: &dyn Evaluate, sender: &Sender<News>) {
    while let Some((trial, candidate)) = queue.take(sender) {
        // One broken candidate must not end a search of hours.
        let result = catch_unwind(AssertUnwindSafe(|| evaluator.evaluate(&candidate)))
            .unwrap_or_else(|panic| Err(EvaluateError::Failed(describe(panic.as_ref()))));
        if sender.send(News::Finished(trial, result)).is_err() {
            return;
        }
    }
}

fn describe(panic: &(dyn Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    format!("BUG: the evaluation panicked: {message}")
}
