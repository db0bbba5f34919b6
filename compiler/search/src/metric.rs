//! What a score's accuracy is: the figure that networks of a task are judged by.

use serde::{Deserialize, Serialize};

/// A figure in [0, 1]; more is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// The part of the samples whose class is found.
    #[default]
    Accuracy,
    /// Area under the receiver operating characteristic of the anomaly scores: how likely an anomaly scores
    /// above a normal sample.
    Auc,
    /// 1 − mean squared error / variance of what an autoencoder rebuilds, 0 if that is negative: stands for
    /// the AUC where there are no anomalies to tell from normal samples.
    ExplainedVariance,
}

impl Metric {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Accuracy => "accuracy",
            Metric::Auc => "AUC",
            Metric::ExplainedVariance => "explained variance",
        }
    }

    /// Whether it is the one that a classifier is judged by.
    pub fn is_accuracy(&self) -> bool {
        *self == Metric::Accuracy
    }
}
