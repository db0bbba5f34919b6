//! What a crate says of itself: where its network comes from, and what that is worth.

use std::path::Path;

use ember_codegen::emit::Provenance;
use ember_search::Metric;
use ember_train::Normalization;

use super::anomaly::Threshold;
use super::testset::Detector;
use super::trained::Record;
use crate::config::{Job, TaskJob};
use crate::data::Parts;
use crate::hash;

/// What is known of a network that finds anomalies.
pub fn detector(record: &Record) -> Option<Detector> {
    let threshold = record.threshold?;
    let auc_float = match record.metric {
        Metric::Auc => Some(record.accuracy_float),
        Metric::Accuracy | Metric::ExplainedVariance => None,
    };
    Some(Detector {
        threshold,
        auc_float,
    })
}

/// For the documentation of the crate.
pub fn provenance(job: &Job, parts: &Parts, record: &Record) -> Provenance {
    let percent =
        |accuracy: f32| format!("{:.2} % of {} samples", 100.0 * accuracy, parts.test.len());
    let metric = record.metric.name();
    let (task, classes) = match &job.task {
        TaskJob::Classification => (
            format!("Tells {} classes apart", parts.classes().len()),
            parts.classes().to_vec(),
        ),
        TaskJob::Anomaly { .. } => (
            "Rebuilds normal samples, so that anomalies are told from them by the error".into(),
            Vec::new(),
        ),
    };
    let mut figures = vec![
        (
            format!("int8 {metric}, test set"),
            percent(record.accuracy_int8),
        ),
        (
            format!("float {metric}, test set"),
            percent(record.accuracy_float),
        ),
    ];
    if let Some(Threshold { false_alarms, .. }) = record.threshold {
        let share = 100.0 * false_alarms;
        let text = format!("at most {share} % of the normal validation samples score above it");
        figures.push(("threshold".into(), text));
    }
    figures.push(("chosen by the search because".into(), record.why.clone()));
    Provenance {
        tool_version: env!("CARGO_PKG_VERSION").to_string(),
        task,
        inputs: match (&parts.sound, &parts.text) {
            (Some(_), _) => Vec::new(),
            (None, Some(_)) => vec!["a byte of the text, as read_text writes it".into()],
            (None, None) => input_channels(&parts.normalization),
        },
        classes,
        threshold: record.threshold.map(|threshold| threshold.score),
        figures,
        config_hash: Some(hash::of(&[&job.text])),
        source: None,
        seed: Some(job.search.seed),
        data: Some(format!(
            "{} (hash {})",
            file_name(&job.data.file),
            parts.hash
        )),
    }
}

/// How a raw value becomes the real value that the input's scale and zero point quantise.
fn input_channels(normalization: &Normalization) -> Vec<String> {
    normalization
        .offset
        .iter()
        .zip(&normalization.scale)
        .map(|(offset, scale)| {
            format!("real = (raw - ({offset})) * {scale}, raw as in the data file")
        })
        .collect()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
