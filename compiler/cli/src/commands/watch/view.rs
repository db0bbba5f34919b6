//! What there is to see of a search.

use std::collections::BTreeMap;
use std::time::Duration;

use ember_search::journal::{self, Event};
use ember_search::pareto::{Objectives, front};
use ember_search::{JournalError, Stopped};
use serde::Serialize;

use crate::commands::networks::{self, Network};
use crate::config::Job;
use crate::progress;

/// Lines of the table of the front at most.
const ROWS: usize = 15;

/// Columns of the curve of the best accuracy.
const CURVE: usize = 48;

/// How a search stands.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    model: String,
    strategy: String,
    /// Evaluations that ended, and at how many the search ends.
    trials: usize,
    limit: usize,
    failed: usize,
    elapsed_ms: u64,
    /// Why it ended, if it has.
    stopped: Option<Stopped>,
    /// What is being trained.
    running: Vec<Network>,
    /// The non-dominated networks, best first.
    front: Vec<Network>,
    /// The best int8 accuracy after each evaluation.
    best: Vec<f32>,
}

impl View {
    /// From all events so far.
    pub fn of(job: &Job, journal: &[u8]) -> Result<Self, JournalError> {
        let mut view = Self {
            model: job.name.clone(),
            strategy: job.search.strategy.clone(),
            trials: 0,
            limit: job.search.trials,
            failed: 0,
            elapsed_ms: 0,
            stopped: None,
            running: Vec::new(),
            front: Vec::new(),
            best: Vec::new(),
        };
        let mut running = BTreeMap::new();
        // The last result of each network: that of its largest budget.
        let mut scored = BTreeMap::new();
        for event in journal::events(journal) {
            view.stopped = None;
            match event?.0 {
                Event::Header { .. } => {}
                Event::Prepared { elapsed_ms, .. } => view.elapsed_ms = elapsed_ms,
                Event::Started {
                    trial,
                    candidate,
                    rung,
                    cost,
                    elapsed_ms,
                    ..
                } => {
                    let network = Network {
                        candidate: candidate.0,
                        rung,
                        cost,
                        score: None,
                    };
                    running.insert(trial, network);
                    view.elapsed_ms = elapsed_ms;
                }
                Event::Scored {
                    trial,
                    score,
                    elapsed_ms,
                } => {
                    view.ended(elapsed_ms, score.accuracy);
                    if let Some(network) = running.remove(&trial) {
                        let score = Some(score);
                        scored.insert(network.candidate, Network { score, ..network });
                    }
                }
                Event::Failed {
                    trial, elapsed_ms, ..
                } => {
                    view.ended(elapsed_ms, 0.0);
                    view.failed += 1;
                    running.remove(&trial);
                }
                Event::Stopped {
                    because,
                    elapsed_ms,
                } => {
                    view.elapsed_ms = elapsed_ms;
                    view.stopped = Some(because);
                }
            }
        }
        view.running = running.into_values().collect();
        view.front = best_first(scored.into_values().collect());
        Ok(view)
    }

    fn ended(&mut self, elapsed_ms: u64, accuracy: f32) {
        self.trials += 1;
        self.elapsed_ms = elapsed_ms;
        let before = self.best.last().copied().unwrap_or_default();
        self.best.push(before.max(accuracy));
    }

    /// Whether nothing comes any more.
    pub fn has_ended(&self) -> bool {
        self.stopped.is_some()
    }

    /// As text, for a terminal.
    pub fn text(&self) -> String {
        let elapsed = Duration::from_millis(self.elapsed_ms);
        let mut text = format!(
            "{}: {}, {} of {} trials, {} failed, {}",
            self.model,
            self.strategy,
            self.trials,
            self.limit,
            self.failed,
            progress::show(elapsed)
        );
        text.push_str(&match self.stopped {
            Some(because) => format!(", ended by: {because:?}\n"),
            None if self.trials > 0 && self.trials < self.limit => {
                let per_trial = elapsed.div_f64(self.trials as f64);
                let left = per_trial.mul_f64((self.limit - self.trials) as f64);
                format!(", about {} left\n", progress::show(left))
            }
            None => "\n".into(),
        });
        if let Some(best) = self.best.last() {
            let best = 100.0 * best;
            text.push_str(&format!("best int8 {} {best:.2} %\n", curve(&self.best)));
        }
        table(&mut text, "in training", &self.running);
        table(&mut text, "Pareto front", &self.front);
        text
    }
}

/// The non-dominated networks by falling accuracy.
fn best_first(networks: Vec<Network>) -> Vec<Network> {
    let accuracy = |network: &Network| network.score.map_or(0.0, |score| score.accuracy);
    let objectives: Vec<Objectives> = networks
        .iter()
        .map(|network| Objectives {
            accuracy: accuracy(network),
            cost: network.cost,
        })
        .collect();
    let members = front(&objectives).into_iter();
    let mut members: Vec<Network> = members.map(|index| networks[index].clone()).collect();
    members.sort_by(|a, b| accuracy(b).total_cmp(&accuracy(a)));
    members
}

/// A curve of bars: its first value at the bottom, its last at the top.
fn curve(values: &[f32]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let (Some(&least), Some(&most)) = (values.first(), values.last()) else {
        return String::new();
    };
    let columns = values.len().min(CURVE);
    (1..=columns)
        .map(|column| {
            let value = values[column * values.len() / columns - 1];
            let share = (value - least) / (most - least).max(f32::MIN_POSITIVE);
            BARS[((share * 7.0).round() as usize).min(7)]
        })
        .collect()
}

fn table(text: &mut String, title: &str, networks: &[Network]) {
    if networks.is_empty() {
        return;
    }
    text.push('\n');
    text.push_str(&networks::table(title, networks.iter().take(ROWS), |_| ""));
    if networks.len() > ROWS {
        text.push_str(&format!(
            "  {:>12}\n",
            format!("{} more", networks.len() - ROWS)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_rise_from_the_first_value_to_the_last() {
        assert_eq!(curve(&[]), "");
        assert_eq!(curve(&[0.5]), "▁");
        assert_eq!(curve(&[0.2, 0.6, 1.0]), "▁▅█");
        let long: Vec<f32> = (0..1000).map(|step| step as f32).collect();
        assert_eq!(curve(&long).chars().count(), CURVE);
        assert!(curve(&long).ends_with('█'));
    }
}
