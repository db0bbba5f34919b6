//! The search itself: ask, evaluate in parallel, tell in order, until a condition ends it.
//!
//! Determinism: question *n* is asked when exactly the results of questions 0 … n − window are told,
//! whatever the workers' number and speed; its randomness is a stream of its own. Results that come
//! early wait for their turn. So the history of a search is a function of its setup, a resumed search
//! repeats it from the journal (see [`crate::journal`]), and conditions that depend on results end it
//! at the same result. Only time and cancelling depend on the clock: then jobs that no worker has
//! taken are withdrawn, as if they had never been asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::constraint::{Constraints, Cost, Price, Violation};
use crate::driver::Driver;
use crate::evaluate::{Candidate, CandidateId, Evaluate, EvaluateError, Score};
use crate::journal::{History, Identity, Sink};
use crate::probe::{Probe, Ranking};
use crate::settings::Settings;
use crate::space::{Architecture, Space};
use crate::supernet::Relax;
use crate::workers::{Queue, Workers};

/// What a search's result depends on.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    /// Which networks there are.
    pub space: &'a dyn Space,
    /// Networks that are asked for before any strategy is asked, in this order; repaired where they do not fit.
    pub seeds: &'a [Architecture],
    /// What they cost.
    pub price: &'a dyn Price,
    /// What they may cost.
    pub constraints: &'a Constraints,
    /// What they are worth.
    pub evaluator: &'a dyn Evaluate,
    /// Who trains a network of all of them; `None` where networks are known and not trained.
    pub supernets: Option<&'a dyn Relax>,
    /// Who looks at untrained networks, where [`Settings::proxies`] wants it.
    pub probe: Option<&'a dyn Probe>,
    /// How to search.
    pub settings: &'a Settings,
    /// Which search this is.
    pub identity: &'a Identity,
}

/// What surrounds this run of a search.
pub struct Session<'a> {
    /// Evaluations at once; those beyond [`Settings::window`] idle.
    pub workers: usize,
    /// What earlier sessions left behind.
    pub history: History,
    /// The journal, truncated to [`History::valid_bytes`].
    pub journal: &'a mut dyn Sink,
    /// Told everything that happens, in the calling thread.
    pub progress: &'a mut dyn FnMut(&Progress<'_>),
    /// Set from outside to end the search early.
    pub cancel: &'a AtomicBool,
    /// Time since this session began.
    pub clock: &'a dyn Fn() -> Duration,
}

/// A network with its best-founded score.
#[derive(Clone, PartialEq, Debug)]
pub struct Scored {
    /// Its number.
    pub id: CandidateId,
    /// Its genes.
    pub architecture: Architecture,
    /// Its price.
    pub cost: Cost,
    /// Its score on the highest rung it reached.
    pub score: Score,
    /// That rung.
    pub rung: usize,
    /// What it was mutated from.
    pub parent: Option<CandidateId>,
    /// Seed of its training.
    pub seed: u64,
}

/// A network whose training failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    /// Its number.
    pub id: CandidateId,
    /// Its genes.
    pub architecture: Architecture,
    /// Why.
    pub reason: String,
}

/// Why a search ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stopped {
    /// All trials are done.
    Trials,
    /// The time is up.
    Time,
    /// The target accuracy is reached.
    Target,
    /// Nothing got better for long enough.
    Patience,
    /// No new network that fits was found.
    Exhausted,
    /// It was cancelled; it can be resumed.
    Interrupted,
}

/// What a search found.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// All networks with a score, by number.
    pub scored: Vec<Scored>,
    /// All networks without one.
    pub failed: Vec<Failed>,
    /// Indices into `scored`: the networks with the full budget (or the largest that any got) that
    /// no other one dominates in int8 accuracy, flash, RAM and instructions.
    pub pareto: Vec<usize>,
    /// Index into `scored`: the result; `None` if nothing was scored.
    pub chosen: Option<usize>,
    /// Why this one, for people.
    pub why: String,
    /// How signals that are cheaper than a full training ranked the networks with the full budget: scores of
    /// lower rungs, sizes, zero-cost proxies; empty if there are too few networks.
    pub signals: Vec<Ranking>,
    /// Evaluations told.
    pub trials: usize,
    /// Why it ended.
    pub stopped: Stopped,
    /// Time spent over all sessions.
    pub elapsed: Duration,
}

/// Where a search stands.
pub struct Progress<'a> {
    /// What just happened.
    pub event: Happened<'a>,
    /// Evaluations that ended.
    pub finished: usize,
    /// Evaluations to be done, if limited.
    pub trials: Option<usize>,
    /// Evaluations running now.
    pub running: usize,
    /// The most accurate network so far, on the highest rung so far.
    pub best: Option<&'a Scored>,
    /// Time spent over all sessions.
    pub elapsed: Duration,
}

/// An event for the progress view.
pub enum Happened<'a> {
    /// The search goes on after so many recorded evaluations.
    Resumed {
        /// How many.
        recorded: usize,
    },
    /// The strategy trains a supernet, before the first evaluation.
    Preparing,
    /// An evaluation began.
    Started {
        /// Of what.
        candidate: &'a Candidate,
        /// At what price.
        cost: &'a Cost,
    },
    /// An evaluation ended well.
    Scored {
        /// Of what.
        candidate: &'a Candidate,
        /// At what price.
        cost: &'a Cost,
        /// The result.
        score: &'a Score,
    },
    /// An evaluation failed.
    Failed {
        /// Of what.
        candidate: &'a Candidate,
        /// Why.
        reason: &'a str,
    },
    /// Nothing new: time passed.
    Tick,
}

/// Why a search has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Not even repaired networks are within the limits.
    #[error(
        "no network of this space fits the limits: even a minimal one needs {}; raise the limits, \
         or choose a smaller input or another space",
        list(.0)
    )]
    NothingFits(Vec<Violation>),
    /// A seed is not within the limits, and cannot be repaired.
    #[error(
        "template {} ({architecture}) does not fit the limits: even cut down it needs {}; raise the limits, or \
         make it smaller",
        .seed + 1,
        list(.violations)
    )]
    SeedDoesNotFit {
        /// Its place in [`Setup::seeds`].
        seed: usize,
        /// What it is.
        architecture: Architecture,
        /// The limits that its last repair is over.
        violations: Vec<Violation>,
    },
    /// The settings name no budget.
    #[error("a search needs at least one rung, that is a training budget; the settings have none")]
    NoRungs,
    /// The strategy's supernet cannot be trained.
    #[error("the network of all networks, which this strategy needs, has no result: {0}")]
    Supernet(EvaluateError),
    /// The journal cannot be written.
    #[error(
        "cannot write the journal: {0}; free some room or check the output folder's permissions, then run again to resume"
    )]
    Journal(#[source] std::io::Error),
    /// The journal was written by another version of the strategy or the space.
    #[error(
        "trial {trial} of the journal is not the network that this version asks for; delete the \
         journal to search afresh, or resume with the version that wrote it"
    )]
    OtherHistory {
        /// The first trial that differs.
        trial: usize,
    },
    /// The system gives no threads.
    #[error("cannot start a worker thread: {0}")]
    Threads(#[source] std::io::Error),
}

fn list(violations: &[Violation]) -> String {
    let each: Vec<String> = violations.iter().map(ToString::to_string).collect();
    each.join(", ")
}

/// Runs or resumes a search to its end.
pub fn search(setup: &Setup<'_>, session: Session<'_>) -> Result<Outcome, SearchError> {
    if setup.settings.rungs.is_empty() {
        return Err(SearchError::NoRungs);
    }
    let queue = Queue::default();
    let (workers, cancel) = (session.workers, session.cancel);
    let mut driver = Driver::new(setup, session);
    thread::scope(|scope| {
        let workers = Workers::start(scope, &queue, setup.evaluator, workers)
            .map_err(SearchError::Threads)?;
        driver.open()?;
        driver.prepare(&workers)?;
        while driver.is_open() {
            if cancel.load(Ordering::Relaxed) {
                driver.stop(Stopped::Interrupted, &workers);
            }
            driver.ask(&workers)?;
            if !driver.tell() {
                driver.listen(&workers)?;
            }
        }
        driver.close()
    })
}
