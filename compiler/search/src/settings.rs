//! What a search is told to do. Everything that its result depends on is in here or in the space,
//! the price, the constraints and the evaluator; the number of workers is not.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::evaluate::Budget;
use crate::strategy::{Evolution, StrategyKind};

/// The settings of a search.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Seed of every random choice.
    pub seed: u64,
    /// Who chooses candidates.
    pub strategy: StrategyKind,
    /// Knobs of aging evolution.
    pub evolution: Evolution,
    /// Whether the gates of DARTS foresee a step of the weights: better founded, for three more passes.
    pub second_order: bool,
    /// Whether untrained networks are looked at: zero-cost proxies are ranked, and aging evolution's proposals
    /// filtered by those that rank well.
    pub proxies: bool,
    /// Whether the first of several rungs trains a copy of half the width in a network's place.
    pub proxy_network: bool,
    /// Budgets, cheapest first; the last one is the full one. A single budget means no successive
    /// halving.
    pub rungs: Vec<Budget>,
    /// One in `eta` networks of a rung goes on to the next.
    pub eta: usize,
    /// Questions asked ahead of the results: at most this many evaluations run at once, and a
    /// strategy's knowledge is this many results old. Independent of the number of workers, because
    /// the result depends on it.
    pub window: usize,
    /// When to end.
    pub stop: Stop,
    /// Difference in accuracy that counts as none when the result is chosen.
    pub tie: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            strategy: StrategyKind::default(),
            evolution: Evolution::default(),
            second_order: false,
            proxies: false,
            proxy_network: false,
            rungs: vec![Budget {
                epochs: 12,
                fraction: 1.0,
            }],
            eta: 3,
            window: 4,
            stop: Stop::default(),
            tie: 0.001,
        }
    }
}

/// Conditions that end a search, whichever comes first. With none of them it ends when the space is
/// exhausted or when it is cancelled.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stop {
    /// Number of evaluations.
    pub trials: Option<usize>,
    /// Time spent over all sessions. No evaluation starts later; those that run are finished. The
    /// one condition that makes a result depend on the machine's speed.
    pub time: Option<Duration>,
    /// int8 validation accuracy with the full budget.
    pub target_accuracy: Option<f32>,
    /// Number of evaluations in a row that did not extend the front of accuracy, flash and RAM.
    pub patience: Option<usize>,
}
