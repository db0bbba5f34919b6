//! What networks learn, and the figure that they are judged by.

use ember_codegen::anomaly::Scoring;
use ember_codegen::lower::LowerError;
use ember_ir::QuantGraph;
use ember_search::{Metric, Uncertainty};
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::loss::{self, Loss};
use crate::predict;
use crate::quantized::int8_scores;

/// What networks learn of a dataset, and what its labels say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// To tell classes apart; labels are classes.
    #[default]
    Classification,
    /// To rebuild normal samples, so that others are told from them by the error; labels are [`NORMAL`] and
    /// [`ANOMALY`].
    Anomaly,
}

/// Label of a normal sample.
pub const NORMAL: usize = 0;
/// Label of an anomaly.
pub const ANOMALY: usize = 1;

impl Dataset {
    /// What networks are judged by on these samples.
    pub fn metric(&self) -> Metric {
        match self.task {
            Task::Classification => Metric::Accuracy,
            Task::Anomaly if self.labels.contains(&NORMAL) && self.labels.contains(&ANOMALY) => {
                Metric::Auc
            }
            Task::Anomaly => Metric::ExplainedVariance,
        }
    }

    /// The figure of a f32 network by its outputs, sample after sample; of normalised samples.
    pub fn figure(&self, outputs: &[f32]) -> f32 {
        match self.metric() {
            Metric::Accuracy => predict::accuracy(outputs, &self.labels),
            Metric::Auc => auc(&self.errors(outputs), &self.labels),
            Metric::ExplainedVariance => self.explained(&self.errors(outputs)),
        }
    }

    /// The figure of an int8 network; of normalised samples.
    pub fn int8_figure(&self, network: &QuantGraph) -> Result<f32, LowerError> {
        Ok(match self.metric() {
            Metric::Accuracy => predict::accuracy(&int8_scores(network, self)?, &self.labels),
            Metric::Auc => auc(&anomaly_scores(network, self)?, &self.labels),
            Metric::ExplainedVariance => {
                let unit = scoring(network).unit;
                let scores = anomaly_scores(network, self)?;
                let errors = scores.iter().map(|&score| f64::from(score) * unit);
                self.explained(&errors.collect::<Vec<_>>())
            }
        })
    }

    /// Loss by a f32 network's outputs: cross-entropy at the best temperature, or the squared error of normal samples.
    pub fn loss(&self, outputs: &[f32]) -> Loss {
        match self.task {
            Task::Classification => loss::cross_entropy(outputs, &self.labels),
            Task::Anomaly => Loss::over(&self.normal(&self.errors(outputs))),
        }
    }

    /// How sure an accuracy and a loss on these samples are.
    pub fn uncertainty(&self, accuracy: f32, loss: Loss) -> Option<Uncertainty> {
        match self.metric() {
            Metric::Accuracy => Some(Uncertainty {
                accuracy: predict::accuracy_error(accuracy, self.len()),
                loss: loss.error,
            }),
            Metric::Auc | Metric::ExplainedVariance => None,
        }
    }

    /// Mean squared error of each sample against what was made of it.
    fn errors(&self, outputs: &[f32]) -> Vec<f64> {
        let elements = self.shape.elements();
        let square = |(x, y): (&f32, &f32)| (f64::from(*x) - f64::from(*y)).powi(2);
        self.iter()
            .zip(outputs.chunks_exact(elements))
            .map(|(sample, output)| {
                sample.iter().zip(output).map(square).sum::<f64>() / elements as f64
            })
            .collect()
    }

    /// Errors of the normal samples.
    fn normal(&self, errors: &[f64]) -> Vec<f64> {
        let labelled = errors.iter().zip(&self.labels);
        let normal = labelled.filter(|(_, label)| **label == NORMAL);
        normal.map(|(error, _)| *error).collect()
    }

    /// 1 − error / variance over the normal samples, at least 0.
    fn explained(&self, errors: &[f64]) -> f32 {
        let elements = self.shape.elements();
        let normal: Vec<usize> = (0..self.len())
            .filter(|&i| self.labels[i] == NORMAL)
            .collect();
        let count = normal.len().max(1) as f64;
        let variance = |element: usize| {
            let values = || normal.iter().map(|&i| f64::from(self.sample(i)[element]));
            let mean = values().sum::<f64>() / count;
            values().map(|x| (x - mean).powi(2)).sum::<f64>() / count
        };
        let variance = (0..elements).map(variance).sum::<f64>() / elements as f64;
        let error = self.normal(errors).iter().sum::<f64>() / count;
        let unexplained = error / variance.max(f64::MIN_POSITIVE);
        (1.0 - unexplained).max(0.0) as f32
    }
}

/// The integer anomaly score of every sample of a normalised dataset, as the device computes it.
pub fn anomaly_scores(network: &QuantGraph, data: &Dataset) -> Result<Vec<u32>, LowerError> {
    let comparison = scoring(network).comparison;
    let outputs = int8_scores(network, data)?;
    let elements = data.shape.elements();
    Ok(data
        .iter()
        .zip(outputs.chunks_exact(elements))
        .map(|(sample, output)| {
            let input = ember_codegen::quantize::quantize_sample(network, sample);
            comparison.score(&input, output)
        })
        .collect())
}

fn scoring(network: &QuantGraph) -> Scoring {
    Scoring::of(network)
        .unwrap_or_else(|| unreachable!("BUG: a network that rebuilds nothing was trained to"))
}

/// Area under the receiver operating characteristic: the part of the pairs of an anomaly and a normal sample
/// whose anomaly scores higher; ties count half (Mann and Whitney, 1947). ½ if one kind is missing.
pub fn auc<T: PartialOrd + Copy>(scores: &[T], labels: &[usize]) -> f32 {
    let mut order: Vec<(T, usize)> = scores.iter().copied().zip(labels.iter().copied()).collect();
    order.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    // Twice the pairs that are right, ties once; and the normal samples below the present score.
    let (mut twice, mut below) = (0u64, 0u64);
    for tied in order.chunk_by(|a, b| a.0 == b.0) {
        let anomalies = tied.iter().filter(|(_, label)| *label == ANOMALY).count() as u64;
        let normal = tied.len() as u64 - anomalies;
        twice += anomalies * (2 * below + normal);
        below += normal;
    }
    let anomalies = order.len() as u64 - below;
    match 2 * anomalies * below {
        0 => 0.5,
        pairs => (twice as f64 / pairs as f64) as f32,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use ember_ir::Shape;

    fn data(samples: Vec<f32>, labels: Vec<usize>) -> Dataset {
        let classes = vec!["normal".into(), "anomaly".into()];
        let data = Dataset::new(Shape::from([2]), samples, labels, classes).unwrap();
        data.with_task(Task::Anomaly)
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let mut random = crate::random::Random::new(3, 0);
        for count in 2..40 {
            let scores: Vec<u32> = (0..count).map(|_| random.below(8) as u32).collect();
            let labels: Vec<usize> = (0..count)
                .map(|i| usize::from(i == 0 || random.below(3) == 0))
                .collect();
            let (mut right, mut pairs) = (0.0, 0.0);
            for (a, _) in labels.iter().enumerate().filter(|(_, l)| **l == ANOMALY) {
                for (n, _) in labels.iter().enumerate().filter(|(_, l)| **l == NORMAL) {
                    pairs += 1.0;
                    right += match scores[a].cmp(&scores[n]) {
                        std::cmp::Ordering::Greater => 1.0,
                        std::cmp::Ordering::Equal => 0.5,
                        std::cmp::Ordering::Less => 0.0,
                    };
                }
            }
            let expected = if pairs > 0.0 { right / pairs } else { 0.5 };
            assert!(
                (auc(&scores, &labels) - expected).abs() < 1e-6,
                "{scores:?} {labels:?}"
            );
        }
        assert_eq!(auc(&[1.0, 2.0, 3.0], &[0, 0, 1]), 1.0);
        assert_eq!(auc::<f32>(&[], &[]), 0.5);
    }

    #[test]
    fn anomalies_are_judged_by_order_and_normal_samples_by_error() {
        let both = data(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0], vec![0, 0, 1]);
        assert_eq!(both.metric(), Metric::Auc);
        // Only the anomaly is off.
        assert_eq!(both.figure(&[0.0, 1.0, 2.0, 3.0, 9.0, 9.0]), 1.0);
        assert_eq!(both.loss(&[0.0, 1.0, 2.0, 4.0, 9.0, 9.0]).mean, 0.25);
        let normal = data(vec![0.0, 1.0, 2.0, 3.0], vec![0, 0]);
        assert_eq!(normal.metric(), Metric::ExplainedVariance);
        assert_eq!(normal.figure(&[0.0, 1.0, 2.0, 3.0]), 1.0);
        // The mean explains nothing, and less than nothing is nothing.
        assert_eq!(normal.figure(&[1.0, 2.0, 1.0, 2.0]), 0.0);
        assert_eq!(normal.figure(&[9.0; 4]), 0.0);
        assert!((normal.figure(&[0.5, 1.5, 1.5, 2.5]) - 0.75).abs() < 1e-6);
    }
}
