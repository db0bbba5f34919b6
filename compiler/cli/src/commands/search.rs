//! `emberc search`: the Pareto front and what was chosen.

use std::path::Path;

use crate::pipeline::report::thousands;
use crate::pipeline::search::signals;
use crate::progress::{self, Progress};
use crate::{Error, data, output, pipeline};

/// Searches and prints the front.
pub fn search(config: &Path, progress: Progress) -> Result<(), Error> {
    let (job, parts) = data::read(config)?;
    let found = pipeline::search_only(&job, &parts, progress)?;
    let outcome = &found.outcome;
    let mut text = format!(
        "  {:>9} {:>8} {:>8} {:>9} {:>9} {:>13} {:>10}\n",
        "candidate", "int8", "float", "flash", "RAM", "instructions", "MACs"
    );
    for &index in &outcome.pareto {
        let scored = &outcome.scored[index];
        let mark = if scored.id == found.chosen.id {
            "  <- chosen"
        } else {
            ""
        };
        text.push_str(&format!(
            "  {:>9} {:>6.2} % {:>6.2} % {:>9} {:>9} {:>13} {:>10}{mark}\n",
            scored.id.0,
            100.0 * scored.score.accuracy,
            100.0 * scored.score.float_accuracy,
            thousands(scored.cost.flash_bytes),
            thousands(scored.cost.ram_bytes),
            thousands(usize::try_from(scored.cost.instructions).unwrap_or(usize::MAX)),
            thousands(usize::try_from(scored.cost.macs).unwrap_or(usize::MAX)),
        ));
    }
    if !outcome.signals.is_empty() {
        let signals = signals(&outcome.signals);
        text.push_str(&format!(
            "\n  Spearman's correlation with the final int8 accuracy: {signals}\n"
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
