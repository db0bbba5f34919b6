//! The chosen network, trained and quantised, and its record on disk.

use std::fs;
use std::path::Path;

use ember_codegen::text::with_table;
use ember_ir::QuantGraph;
use ember_search::Metric;
use ember_train::Step;
use serde::{Deserialize, Serialize};

use super::anomaly::Threshold;
use crate::Error;
use crate::data::text::Texts;
use crate::files;

/// A network that is ready to be emitted.
#[derive(Clone, PartialEq, Debug)]
pub struct Trained {
    /// The int8 network.
    pub network: QuantGraph,
    /// What its training says of it.
    pub record: Record,
}

/// What is worth keeping of a final training.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Accuracy of the float network on the test set, or what `metric` says that it is.
    pub accuracy_float: f32,
    /// The same of the int8 network, by the interpreter.
    pub accuracy_int8: f32,
    /// What the two figures are.
    #[serde(default, skip_serializing_if = "Metric::is_accuracy")]
    pub metric: Metric,
    /// Of a network that finds anomalies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// Time that the search took.
    pub search_seconds: f64,
    /// Why this network was chosen.
    pub why: String,
    /// What each way to quantise gave.
    #[serde(default)]
    pub steps: Vec<Step>,
}

impl Trained {
    /// The network for the bytes of texts.
    pub fn of_texts(self, texts: &Texts) -> Self {
        Self {
            network: with_table(&self.network, &texts.numbers),
            ..self
        }
    }

    /// Reads a record; `None` if it is not complete.
    pub fn load(dir: &Path, name: &str) -> Option<Self> {
        let record = fs::read_to_string(dir.join("training.json")).ok()?;
        let network = fs::read_to_string(dir.join(format!("{name}.ember"))).ok()?;
        Some(Self {
            network: ember_ir::text::parse(&network).ok()?,
            record: serde_json::from_str(&record).ok()?,
        })
    }

    /// Writes a record. `training.json` comes last: what has it is complete.
    pub fn save(&self, dir: &Path, name: &str) -> Result<(), Error> {
        let network = ember_ir::text::print(&self.network);
        files::write(&dir.join(format!("{name}.ember")), network.as_bytes())?;
        let record = serde_json::to_string_pretty(&self.record)
            .unwrap_or_else(|error| panic!("BUG: a record is always JSON: {error}"));
        files::write(&dir.join("training.json"), record.as_bytes())
    }
}
