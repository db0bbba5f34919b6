//! The border to whoever trains: a candidate goes out, a score or the reason for none comes back.

use ember_ir::Graph;
use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::space::Architecture;

/// A network of this search; it keeps its number through all rungs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CandidateId(pub u64);

/// How much training one evaluation is worth. The rungs of a search are a list of budgets, cheapest
/// first; the last one is the full budget.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Passes over the part of the training data.
    pub epochs: usize,
    /// The part of the training data, in (0, 1].
    pub fraction: f32,
}

/// What is to be trained and scored.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    /// Its number.
    pub id: CandidateId,
    /// Its genes.
    pub architecture: Architecture,
    /// Its topology; it fits the limits.
    pub graph: Graph,
    /// A copy of half the width that is trained and scored in its place, where the rung is one for proxies.
    pub proxy: Option<Graph>,
    /// Seed of everything random in its training; equal for all rungs.
    pub seed: u64,
    /// Index into the search's rungs, 0 first.
    pub rung: usize,
    /// The training to be spent.
    pub budget: Budget,
    /// The candidate that this one was mutated from.
    pub parent: Option<Parent>,
}

/// A candidate that was told before one of its mutations was asked: its weights may be inherited where shapes
/// agree. An evaluator that does so has to keep weights where a resumed search finds them again; one that cannot
/// must not inherit, or resuming changes results.
#[derive(Clone, PartialEq, Debug)]
pub struct Parent {
    /// Its number.
    pub id: CandidateId,
    /// Its topology.
    pub graph: Graph,
}

/// What a trained candidate is worth, on the validation set.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Score {
    /// Accuracy of the int8 network, or what `metric` says that it is; in [0, 1].
    pub accuracy: f32,
    /// The same of the float network.
    pub float_accuracy: f32,
    /// Mean loss of the float network: cross-entropy at the best temperature, or the squared error of what an
    /// autoencoder rebuilds.
    pub loss: f32,
    /// What the two figures are.
    #[serde(default, skip_serializing_if = "Metric::is_accuracy")]
    pub metric: Metric,
    /// How sure the figures are, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<Uncertainty>,
}

/// How far a score may be off because the validation set is only so large: standard errors.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Uncertainty {
    /// Of the accuracy.
    pub accuracy: f32,
    /// Of the loss.
    pub loss: f32,
}

impl Score {
    /// Whether all three numbers are finite: a score that is not counts as a failed training.
    pub fn is_finite(&self) -> bool {
        self.accuracy.is_finite() && self.float_accuracy.is_finite() && self.loss.is_finite()
    }
}

/// Why a candidate has no score.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The loss became infinite or not a number; the search goes on.
    #[error("training diverged in epoch {epoch}: the loss is not finite")]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
    },
    /// Anything else that ends this candidate only; the search goes on.
    #[error("{0}")]
    Failed(String),
    /// The evaluation was cancelled before it ended: as if it had never started.
    #[error("the evaluation was cancelled")]
    Cancelled,
}

/// Trains and scores candidates. Called from several threads at once; each call is expected to use
/// one thread, and to return the same score for the same candidate however many calls run beside it.
pub trait Evaluate: Sync {
    /// Trains `candidate` with its budget and scores it on the validation set.
    fn evaluate(&self, candidate: &Candidate) -> Result<Score, EvaluateError>;
}
