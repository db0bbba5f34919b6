//! `emberc search`: the Pareto front and what was chosen.

use std::path::Path;

use super::networks::{Network, table};
use crate::pipeline::search::signals;
use crate::progress::{self, Progress};
use crate::{Error, data, output, pipeline};

/// Searches and prints the front.
pub fn search(config: &Path, progress: Progress) -> Result<(), Error> {
    let (job, parts) = data::read(config)?;
    let found = pipeline::search_only(&job, &parts, progress)?;
    let outcome = &found.outcome;
    let front = outcome.pareto.iter().map(|&index| {
        let scored = &outcome.scored[index];
        Network {
            candidate: scored.id.0,
            rung: scored.rung,
            cost: scored.cost,
            score: Some(scored.score),
        }
    });
    let front: Vec<Network> = front.collect();
    let chosen = found.chosen.id.0;
    let mut text = table("candidate", &front, |network| {
        if network.candidate == chosen {
            "  <- chosen"
        } else {
            ""
        }
    });
    if !outcome.signals.is_empty() {
        let signals = signals(&outcome.signals);
        text.push_str(&format!(
            "\n  Spearman's correlation with the final int8 {}: {signals}\n",
            found.chosen.score.metric.name()
        ));
    }
    text.push_str(&format!(
        "\n  chosen: {}\n  {} trials in {}, {} failed, ended by: {:?}\n",
        outcome.why,
        outcome.trials,
        progress::show(outcome.elapsed),
        outcome.failed.len(),
        outcome.stopped,
    ));
    output::text(&text)
}
