//! The result of a job, as a table for people and as JSON for programs.

use ember_codegen::target::Limits;
use ember_search::{Metric, Ranking};
use serde::{Deserialize, Serialize};

use super::anomaly::Detection;
use super::finalists::Finals;
use super::replica::Spread;
use super::testset::{is_one, one};
use crate::config::size;

/// All figures of a verified firmware. What is predicted was known before anything was built.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Name of the board.
    pub board: String,
    /// Accuracy of the float network on the test set, in [0, 1]; `None` without classes.
    pub accuracy_float: Option<f32>,
    /// Accuracy on the test set of what the device computed, in [0, 1]; `None` without classes.
    pub accuracy_int8: Option<f32>,
    /// Mean of the classes' F1 scores on the device's answers; `None` where the device did not say them.
    #[serde(default)]
    pub macro_f1_int8: Option<f32>,
    /// What a network that finds anomalies finds; `None` where the device did not give all outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anomaly: Option<Detection>,
    /// Size of the test set.
    pub samples: usize,
    /// Samples for which device and host agree in every output.
    pub samples_equal: usize,
    /// Executed instructions of one inference, averaged over the test set; `None` on boards that
    /// cannot count them.
    pub instructions: Option<u64>,
    /// An estimate of the cycles of one inference; `None` for cores that there is none for.
    #[serde(default)]
    pub cycles_estimate: Option<u64>,
    /// Activations, as planned.
    pub arena_predicted_bytes: usize,
    /// Activations, as linked.
    pub arena_linked_bytes: usize,
    /// The whole firmware, as predicted.
    pub flash_predicted_bytes: usize,
    /// The whole firmware, as linked.
    pub flash_linked_bytes: usize,
    /// Weights and other constants, as predicted.
    pub constants_predicted_bytes: usize,
    /// Weights and other constants, as linked.
    pub constants_linked_bytes: usize,
    /// Deepest stack seen while the test set ran; `None` on boards that cannot report it.
    pub stack_bytes: Option<usize>,
    /// Statics, arena included, as linked.
    pub ram_static_bytes: usize,
    /// Time that the search took, over all sessions, where that is known.
    pub search_seconds: Option<f64>,
    /// What several runs of the network came to on the validation set, where it was trained so.
    #[serde(default)]
    pub replicated: Option<Replicated>,
    /// How well cheap signals foretold the final scores of the search; empty if that is not known.
    #[serde(default)]
    pub signals: Vec<Ranking>,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Calls that a sample takes, where it comes step by step: an inference is one of them.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub calls: usize,
    /// What flash and RAM may be.
    pub flash_limit_bytes: usize,
    /// As above.
    pub ram_limit_bytes: usize,
}

/// Several runs of the network, on the training set alone and judged on the validation set.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Replicated {
    /// Networks that were trained so; this one is the best by mean − deviation in int8.
    pub finalists: usize,
    /// Runs of each.
    pub seeds: usize,
    /// What the figures are.
    #[serde(default, skip_serializing_if = "Metric::is_accuracy")]
    pub metric: Metric,
    /// Accuracy in f32, or what `metric` says that it is.
    pub float: Spread,
    /// The same in int8.
    pub int8: Spread,
}

impl Replicated {
    /// The winner's figures.
    pub fn of(finals: &Finals) -> Self {
        let winner = finals.winner();
        Self {
            finalists: finals.finalists.len(),
            seeds: winner.replicas.len(),
            metric: finals.metric,
            float: winner.float(),
            int8: winner.int8(),
        }
    }
}

impl Report {
    /// RAM that the firmware needs: statics and the deepest stack seen.
    pub fn ram_bytes(&self) -> usize {
        self.ram_static_bytes + self.stack_bytes.unwrap_or(0)
    }

    /// What the firmware may take.
    pub fn limits(&self) -> Limits {
        Limits {
            flash_bytes: self.flash_limit_bytes,
            ram_bytes: self.ram_limit_bytes,
        }
    }

    /// The table for people.
    pub fn table(&self) -> String {
        let percent = |accuracy: f32| format!("{:.2} %", 100.0 * accuracy);
        let of = |used: usize, limit: usize| {
            format!(
                "{} of {} ({:.0} %)",
                thousands(used),
                size::show(limit),
                100.0 * used as f64 / limit.max(1) as f64
            )
        };
        let count = |count: Option<u64>| {
            count.map_or("not measured".to_string(), |n| thousands(n as usize))
        };
        let mut rows = vec![("board", self.board.clone())];
        if let Some(accuracy) = self.accuracy_float {
            let text = format!("{} of {} test samples", percent(accuracy), self.samples);
            rows.push(("accuracy, float", text));
        }
        if let Some(accuracy) = self.accuracy_int8 {
            rows.push(("accuracy, int8 on the device", percent(accuracy)));
        }
        if let Some(f1) = self.macro_f1_int8 {
            rows.push(("  macro-F1", percent(f1)));
        }
        if let Some(detection) = &self.anomaly {
            rows.extend(detection.rows(self.samples));
        }
        if let Some(replicated) = &self.replicated {
            let seeds = replicated.seeds;
            let metric = match replicated.metric {
                Metric::Accuracy => String::new(),
                other => format!("{} ", other.name()),
            };
            let of = |spread: &Spread| format!("{metric}{} over {seeds} seeds", spread.percent());
            rows.push(("validation, float", of(&replicated.float)));
            rows.push(("validation, int8", of(&replicated.int8)));
        }
        rows.extend([
            (
                "equal to the host, every output",
                format!("{} of {}", self.samples_equal, self.samples),
            ),
            (
                "flash, whole firmware",
                of(self.flash_linked_bytes, self.flash_limit_bytes),
            ),
            (
                "  predicted before the build",
                format!(
                    "{} ({:+.2} %)",
                    thousands(self.flash_predicted_bytes),
                    self.flash_error()
                ),
            ),
            (
                "  weights and constants",
                format!(
                    "{} linked, {} predicted",
                    thousands(self.constants_linked_bytes),
                    thousands(self.constants_predicted_bytes)
                ),
            ),
            (
                "RAM, statics and stack",
                of(self.ram_bytes(), self.ram_limit_bytes),
            ),
            (
                "  arena",
                format!(
                    "{} linked, {} predicted",
                    thousands(self.arena_linked_bytes),
                    thousands(self.arena_predicted_bytes)
                ),
            ),
            (
                "  stack, measured",
                self.stack_bytes.map_or("not measured".into(), thousands),
            ),
            (
                match self.calls {
                    1 => "instructions per inference",
                    _ => "instructions per call",
                },
                count(self.instructions),
            ),
            ("multiply-accumulates", thousands(self.macs as usize)),
        ]);
        if let Some(cycles) = self.cycles_estimate {
            let text = format!("{}, without wait states", thousands(cycles as usize));
            rows.insert(rows.len() - 1, ("  cycles (estimate)", text));
        }
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        rows.iter()
            .map(|(name, value)| format!("  {name:<width$}  {value}\n"))
            .collect()
    }

    /// The prediction of flash against the ELF, in percent.
    pub fn flash_error(&self) -> f64 {
        let linked = self.flash_linked_bytes.max(1) as f64;
        100.0 * (self.flash_predicted_bytes as f64 - linked) / linked
    }
}

/// `12 345`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
