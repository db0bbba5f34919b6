//! The append-only record of a search: one JSON object per line and event. A search is resumed by
//! asking its questions again: the strategy is deterministic, and results come from the record as
//! long as it has them. So nothing of a strategy's inner state is ever written, and a journal that
//! ends anywhere, even in the middle of a line, leads to the same end as one that was never cut.
//!
//! Events: `header` (once), `started`, `scored` or `failed` per trial, `stopped`. A trial is one
//! evaluation; trials are numbered in the order of the questions, lines come in the order of events.
//! `elapsed_ms` is time spent searching, over all sessions.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::constraint::Cost;
use crate::evaluate::{CandidateId, EvaluateError, Score};
use crate::search::Stopped;
use crate::space::Architecture;

/// Version of the record's form.
const FORMAT: u32 = 1;

/// Where events go. Must not return before the line is safe from a crash (fsync).
pub trait Sink {
    /// Appends one line, line feed included.
    fn append(&mut self, line: &str) -> io::Result<()>;
}

/// Keeps the journal in memory.
impl Sink for Vec<u8> {
    fn append(&mut self, line: &str) -> io::Result<()> {
        self.extend_from_slice(line.as_bytes());
        Ok(())
    }
}

/// Says which search a journal belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Hash of everything that results depend on: data, task, limits, settings.
    pub config: String,
    /// The search's seed.
    pub seed: u64,
}

/// A line of the journal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// First line.
    Header {
        /// Version of the form.
        format: u32,
        /// [`Identity::config`].
        config: String,
        /// [`Identity::seed`].
        seed: u64,
    },
    /// An evaluation began.
    Started {
        /// Which evaluation.
        trial: usize,
        /// Of which network.
        candidate: CandidateId,
        /// With which budget.
        rung: usize,
        /// What the network was mutated from.
        parent: Option<CandidateId>,
        /// Its genes.
        architecture: Architecture,
        /// Its price.
        cost: Cost,
        /// When.
        elapsed_ms: u64,
    },
    /// An evaluation ended well.
    Scored {
        /// Which evaluation.
        trial: usize,
        /// The result.
        score: Score,
        /// When.
        elapsed_ms: u64,
    },
    /// An evaluation ended without a score.
    Failed {
        /// Which evaluation.
        trial: usize,
        /// Why.
        reason: String,
        /// When.
        elapsed_ms: u64,
    },
    /// The search ended, or was interrupted.
    Stopped {
        /// Why.
        because: Stopped,
        /// When.
        elapsed_ms: u64,
    },
}

/// What a journal says about an evaluation that ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// It has a score.
    Scored(Score),
    /// It has none, for this reason.
    Failed(String),
}

/// What an earlier session left behind.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    /// Evaluations that began: network and rung, by trial.
    pub started: BTreeMap<usize, (Architecture, usize)>,
    /// Evaluations that ended, by trial.
    pub verdicts: BTreeMap<usize, Verdict>,
    /// Time spent so far.
    pub elapsed: Duration,
    /// How the last session ended, if it said so in its last line.
    pub stopped: Option<Stopped>,
    /// Length of the part of the journal that is whole lines. The rest is a line that a crash cut:
    /// the journal must be truncated to this length before anything is appended.
    pub valid_bytes: usize,
}

/// Why a journal cannot be resumed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JournalError {
    /// A line in the middle is not an event: not the work of a crash.
    #[error(
        "line {line} of the journal is not an event ({reason}); restore the journal, or delete it to search afresh"
    )]
    Line {
        /// Which, from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// The journal does not begin with a header.
    #[error("the journal does not begin with a header; delete it to search afresh")]
    NoHeader,
    /// Written in a form that this version does not know.
    #[error(
        "the journal has format {actual}, this version reads format {expected}; delete it to search afresh"
    )]
    Format {
        /// What this version reads.
        expected: u32,
        /// What the journal says.
        actual: u32,
    },
    /// The journal of another search.
    #[error(
        "the journal belongs to another search: its {what} is {actual}, this search's is {expected}; delete it (or choose another output folder) to search afresh"
    )]
    Other {
        /// `configuration` or `seed`.
        what: &'static str,
        /// What this search has.
        expected: String,
        /// What the journal says.
        actual: String,
    },
}

impl History {
    /// Reads a journal, which may be empty or end in a torn line.
    pub fn read(journal: &[u8], identity: &Identity) -> Result<Self, JournalError> {
        let mut history = Self::default();
        for (i, line) in journal.split_inclusive(|&byte| byte == b'\n').enumerate() {
            if line.last() != Some(&b'\n') {
                break;
            }
            let event = serde_json::from_slice(line).map_err(|error| JournalError::Line {
                line: i + 1,
                reason: error.to_string(),
            })?;
            match (i, &event) {
                (
                    0,
                    Event::Header {
                        format,
                        config,
                        seed,
                    },
                ) => {
                    check(identity, *format, config, *seed)?;
                }
                (0, _) => return Err(JournalError::NoHeader),
                _ => history.replay(event),
            }
            history.valid_bytes += line.len();
        }
        Ok(history)
    }

    /// Whether the journal has a header already.
    pub fn has_header(&self) -> bool {
        self.valid_bytes > 0
    }

    fn replay(&mut self, event: Event) {
        self.stopped = None;
        let elapsed_ms = match event {
            Event::Header { .. } => return,
            Event::Started {
                trial,
                architecture,
                rung,
                elapsed_ms,
                ..
            } => {
                self.started.insert(trial, (architecture, rung));
                elapsed_ms
            }
            Event::Scored {
                trial,
                score,
                elapsed_ms,
            } => {
                self.verdicts.entry(trial).or_insert(Verdict::Scored(score));
                elapsed_ms
            }
            Event::Failed {
                trial,
                reason,
                elapsed_ms,
            } => {
                self.verdicts
                    .entry(trial)
                    .or_insert(Verdict::Failed(reason));
                elapsed_ms
            }
            Event::Stopped {
                because,
                elapsed_ms,
            } => {
                self.stopped = Some(because);
                elapsed_ms
            }
        };
        self.elapsed = self.elapsed.max(Duration::from_millis(elapsed_ms));
    }
}

impl Identity {
    /// The first line of this search's journal.
    pub fn header(&self) -> Event {
        Event::Header {
            format: FORMAT,
            config: self.config.clone(),
            seed: self.seed,
        }
    }
}

impl Verdict {
    /// The verdict on an evaluation's result: a score that is not finite is none.
    pub(crate) fn of(result: Result<Score, EvaluateError>) -> Self {
        match result {
            Ok(score) if score.is_finite() => Verdict::Scored(score),
            Ok(_) => Verdict::Failed("the score is not a finite number".into()),
            Err(error) => Verdict::Failed(error.to_string()),
        }
    }

    /// The line that records it.
    pub(crate) fn event(&self, trial: usize, elapsed_ms: u64) -> Event {
        match self {
            Verdict::Scored(score) => Event::Scored {
                trial,
                score: *score,
                elapsed_ms,
            },
            Verdict::Failed(reason) => Event::Failed {
                trial,
                reason: reason.clone(),
                elapsed_ms,
            },
        }
    }
}

impl Event {
    /// The verdict it records, if it does.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        match self {
            Event::Scored { score, .. } => Some(Verdict::Scored(*score)),
            Event::Failed { reason, .. } => Some(Verdict::Failed(reason.clone())),
            Event::Header { .. } | Event::Started { .. } | Event::Stopped { .. } => None,
        }
    }

    /// The line to append.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        Ok(line)
    }
}

fn check(identity: &Identity, format: u32, config: &str, seed: u64) -> Result<(), JournalError> {
    if format != FORMAT {
        return Err(JournalError::Format {
            expected: FORMAT,
            actual: format,
        });
    }
    let other = |what, expected: String, actual: String| JournalError::Other {
        what,
        expected,
        actual,
    };
    if config != identity.config {
        return Err(other(
            "configuration",
            identity.config.clone(),
            config.into(),
        ));
    }
    if seed != identity.seed {
        return Err(other("seed", identity.seed.to_string(), seed.to_string()));
    }
    Ok(())
}
