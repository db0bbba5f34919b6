//! How far from the best network within the limits a search ends.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::table::{Noisy, Table};
use crate::constraint::Constraints;
use crate::journal::{History, Identity};
use crate::search::{SearchError, Session, Setup, Stopped, search};
use crate::settings::{Settings, Stop};
use crate::strategy::StrategyKind;

/// A table and the limits to search it within.
#[derive(Clone, PartialEq, Debug)]
pub struct Benchmark {
    /// The networks.
    pub table: Table,
    /// What they may cost.
    pub constraints: Constraints,
}

impl Benchmark {
    /// The best accuracy within the limits, in [0, 1].
    pub fn best(&self) -> f64 {
        let entries = self.table.entries().iter();
        entries
            .filter(|entry| self.constraints.admit(&entry.cost))
            .map(|entry| entry.accuracy)
            .fold(0.0, f64::max)
    }
}

/// One search.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Measurement {
    /// Who searches.
    pub strategy: StrategyKind,
    /// Standard deviation of scores, in points of accuracy.
    pub noise_sd: f64,
    /// Evaluations.
    pub evaluations: usize,
    /// Seed of everything random.
    pub seed: u64,
}

/// Searches, and returns the regret: the best network's true accuracy within the limits less that of
/// the network that the search chose, in points. `None` if it was cancelled.
pub fn measure(
    benchmark: &Benchmark,
    how: Measurement,
    cancel: &AtomicBool,
) -> Result<Option<f64>, SearchError> {
    let settings = Settings {
        seed: how.seed,
        strategy: how.strategy,
        stop: Stop {
            trials: Some(how.evaluations),
            ..Stop::default()
        },
        // Regret does not know of sizes: the choice is by accuracy alone.
        tie: 0.0,
        ..Settings::default()
    };
    let identity = Identity {
        config: benchmark.table.name().into(),
        seed: how.seed,
    };
    let setup = Setup {
        space: &benchmark.table,
        seeds: &[],
        price: &benchmark.table,
        constraints: &benchmark.constraints,
        evaluator: &Noisy {
            table: &benchmark.table,
            noise_sd: how.noise_sd,
        },
        supernets: None,
        probe: None,
        settings: &settings,
        identity: &identity,
    };
    let session = Session {
        workers: 1,
        history: History::default(),
        journal: &mut Vec::new(),
        progress: &mut |_| {},
        cancel,
        clock: &|| Duration::ZERO,
    };
    let outcome = search(&setup, session)?;
    if outcome.stopped == Stopped::Interrupted {
        return Ok(None);
    }
    let chosen = outcome.chosen.map(|i| &outcome.scored[i].architecture);
    let accuracy = chosen.map_or(0.0, |network| benchmark.table.entry(network).accuracy);
    Ok(Some(100.0 * (benchmark.best() - accuracy)))
}
