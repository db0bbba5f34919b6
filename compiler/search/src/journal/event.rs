//! The lines of the journal.

use serde::{Deserialize, Serialize};

use crate::constraint::Cost;
use crate::evaluate::{CandidateId, EvaluateError, Score};
use crate::search::Stopped;
use crate::space::Architecture;
use crate::supernet::Gates;

/// A line of the journal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// First line.
    Header {
        /// Version of the form.
        format: u32,
        /// [`super::Identity::config`].
        config: String,
        /// [`super::Identity::seed`].
        seed: u64,
    },
    /// The strategy has trained its supernet.
    Prepared {
        /// What it has learned: a logit per option.
        gates: Gates,
        /// When.
        elapsed_ms: u64,
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
            Event::Header { .. }
            | Event::Prepared { .. }
            | Event::Started { .. }
            | Event::Stopped { .. } => None,
        }
    }

    /// What the strategy learned from its supernet, if it records that.
    pub(crate) fn prepared(self) -> Option<Gates> {
        match self {
            Event::Prepared { gates, .. } => Some(gates),
            Event::Header { .. }
            | Event::Started { .. }
            | Event::Scored { .. }
            | Event::Failed { .. }
            | Event::Stopped { .. } => None,
        }
    }

    /// The line to append.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        Ok(line)
    }
}
