//! Reading a journal back.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Event, FORMAT, Identity, Verdict};
use crate::search::Stopped;
use crate::space::Architecture;
use crate::supernet::Gates;

/// What an earlier session left behind.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    /// Evaluations that began: network and rung, by trial.
    pub started: BTreeMap<usize, (Architecture, usize)>,
    /// Evaluations that ended, by trial.
    pub verdicts: BTreeMap<usize, Verdict>,
    /// What the strategy has learned from its supernet.
    pub prepared: Option<Gates>,
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
        for (i, line) in super::events(journal).enumerate() {
            let (event, bytes) = line?;
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
            history.valid_bytes += bytes;
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
            Event::Prepared { gates, elapsed_ms } => {
                self.prepared.get_or_insert(gates);
                elapsed_ms
            }
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
