//! What the firmware makes of anomaly scores: a threshold, and how good it is on the test set.

use ember_codegen::anomaly::Scoring;
use ember_ir::QuantGraph;
use ember_train::task::auc;
use ember_train::{ANOMALY, NORMAL};
use serde::{Deserialize, Serialize};

use super::testset::{Detector, Heard, TestSet};
use crate::Error;

/// The threshold of a firmware.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Threshold {
    /// Samples that score above it are anomalies.
    pub score: u32,
    /// The share of the normal validation samples that may be, as it was wanted.
    pub false_alarms: f64,
}

impl Threshold {
    /// The least score that no more than this share of the normal samples exceeds; the scores are those of the
    /// validation set.
    pub fn of(scores: &[u32], labels: &[usize], false_alarms: f64) -> Self {
        let mut normal: Vec<u32> = scores
            .iter()
            .zip(labels)
            .filter_map(|(&score, &label)| (label == NORMAL).then_some(score))
            .collect();
        normal.sort_unstable();
        let above = (normal.len() as f64 * false_alarms) as usize;
        let at = normal.len().saturating_sub(above + 1);
        Self {
            score: normal.get(at).copied().unwrap_or(u32::MAX),
            false_alarms,
        }
    }
}

/// What anomaly scores are worth on the test set. Shares are in [0, 1].
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Detection {
    /// Area under the ROC of the float network's errors; `None` without anomalies.
    pub auc_float: Option<f32>,
    /// The same of the scores of what the device computed.
    pub auc_int8: Option<f32>,
    /// Anomalies among the test samples.
    pub anomalies: usize,
    /// The threshold of the firmware.
    pub threshold: Threshold,
    /// Share of the anomalies among what is above the threshold; `None` if nothing is.
    pub precision: Option<f32>,
    /// Share of the anomalies that are above the threshold; `None` without anomalies.
    pub recall: Option<f32>,
    /// Share of the normal samples that are above the threshold; `None` without normal samples.
    pub false_alarm_rate: Option<f32>,
}

impl Detection {
    /// Of integer scores and what the samples are.
    pub fn of(
        scores: &[u32],
        labels: &[usize],
        threshold: Threshold,
        auc_float: Option<f32>,
    ) -> Self {
        let [[quiet, alarms], [missed, found]] = counts(scores, labels, threshold);
        let share = |part: usize, all: usize| (all > 0).then(|| part as f32 / all as f32);
        let (normal, anomalies) = (quiet + alarms, missed + found);
        let judges = normal > 0 && anomalies > 0;
        Self {
            auc_float: auc_float.filter(|_| judges),
            auc_int8: judges.then(|| auc(scores, labels)),
            anomalies,
            threshold,
            precision: share(found, found + alarms),
            recall: share(found, anomalies),
            false_alarm_rate: share(alarms, normal),
        }
    }

    /// Rows for people.
    pub fn rows(&self, samples: usize) -> Vec<(&'static str, String)> {
        let percent = |part: f32| format!("{:.2} %", 100.0 * part);
        let mut rows = Vec::new();
        if let Some(auc) = self.auc_float {
            let text = format!(
                "{} of {samples} test samples, {} of them anomalies",
                percent(auc),
                self.anomalies
            );
            rows.push(("AUC, float", text));
        }
        if let Some(auc) = self.auc_int8 {
            rows.push(("AUC, int8 on the device", percent(auc)));
        }
        let Threshold {
            score,
            false_alarms,
        } = self.threshold;
        let text = format!(
            "{score}: at most {} of the normal validation samples above",
            percent(false_alarms as f32)
        );
        rows.push(("threshold of the score", text));
        let shares = [
            ("  recall: anomalies above", self.recall),
            ("  precision: anomalies of those above", self.precision),
            (
                "  false alarms: normal samples above",
                self.false_alarm_rate,
            ),
        ];
        rows.extend(
            shares
                .iter()
                .filter_map(|&(name, share)| Some((name, percent(share?)))),
        );
        rows
    }
}

/// What the scores of the device's outputs are worth.
///
/// # Errors
/// A network that rebuilds nothing.
pub fn detection(
    network: &QuantGraph,
    detector: &Detector,
    heard: &Heard<'_>,
    tests: &TestSet,
    outputs: &[&[i8]],
) -> Result<Detection, Error> {
    let scoring = Scoring::of(network).ok_or_else(|| {
        Error::usage(format!(
            "{}: a network that finds anomalies gives an int8 value for each of its input's; emit the crate again",
            network.graph.name
        ))
    })?;
    let samples = tests.iter().zip(outputs);
    let scores =
        samples.map(|(sample, output)| scoring.comparison.score(&heard.input(sample), output));
    let scores: Vec<u32> = scores.collect();
    let Detector {
        threshold,
        auc_float,
    } = *detector;
    Ok(Detection::of(&scores, &tests.labels, threshold, auc_float))
}

/// How many samples there are of each label (row), at most or above the threshold (column).
pub fn counts(scores: &[u32], labels: &[usize], threshold: Threshold) -> [[usize; 2]; 2] {
    let mut counts = [[0; 2]; 2];
    for (&score, &label) in scores.iter().zip(labels) {
        counts[usize::from(label == ANOMALY)][usize::from(score > threshold.score)] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_normal_samples_than_wanted_are_above_the_threshold() {
        let scores: Vec<u32> = (1..=100).chain([1000; 10]).collect();
        let labels: Vec<usize> = (0..110).map(|i| usize::from(i >= 100)).collect();
        let at = |share| Threshold::of(&scores, &labels, share).score;
        assert_eq!((at(0.0), at(0.05), at(0.009), at(0.5)), (100, 95, 100, 50));
        assert_eq!(Threshold::of(&[7], &[ANOMALY], 0.1).score, u32::MAX);
        // Ties stay below together.
        assert_eq!(Threshold::of(&[1, 9, 9, 9], &[0; 4], 0.5).score, 9);
    }

    #[test]
    fn shares_are_of_what_they_say() {
        let threshold = Threshold {
            score: 10,
            false_alarms: 0.05,
        };
        let scores = [1, 2, 11, 10, 12, 13, 3];
        let labels = [0, 0, 0, 0, 1, 1, 1];
        let found = Detection::of(&scores, &labels, threshold, Some(0.9));
        assert_eq!(found.precision, Some(2.0 / 3.0));
        assert_eq!(found.recall, Some(2.0 / 3.0));
        assert_eq!(found.false_alarm_rate, Some(0.25));
        assert_eq!(found.auc_int8, Some(10.0 / 12.0));
        let normal = Detection::of(&scores[..2], &labels[..2], threshold, Some(0.9));
        assert_eq!(
            (normal.auc_float, normal.recall, normal.precision),
            (None, None, None)
        );
    }
}
