//! What a candidate of the search is worth: trained within its budget, quantised, and scored in int8 on
//! the validation set. The score depends on the candidate alone, and on its parent where weights are inherited: not
//! on what else was scored before it, nor on what is scored beside it, so that an interrupted search resumes to the
//! same result.

use std::iter;
use std::sync::atomic::AtomicBool;

use ember_ir::Graph;
use ember_search::{
    Budget, Candidate, CandidateId, Evaluate, EvaluateError, Metric, Score, Uncertainty,
};
use rayon::ThreadPoolBuilder;

use crate::dataset::Dataset;
use crate::normalization::Normalization;
use crate::predict::predict;
use crate::quantized::Quantized;
use crate::random::Random;
use crate::recipe::Recipe;
use crate::trainer::{Session, TrainError, initial, train};
use crate::training::Keep;
use crate::weights::{Weights, export};

/// Stream of a candidate's seed that chooses its part of the training data.
const PART: u64 = 3;

/// The data of a job, ready to train on.
#[derive(Clone, PartialEq, Debug)]
pub struct Parts {
    /// Trained on, in its own units: augmentation works in them. Series may be longer than a window.
    pub train: Dataset,
    /// Calibrates ranges; normalised, in the network's shape.
    pub calibration: Dataset,
    /// Judges; normalised, in the network's shape.
    pub validation: Dataset,
    /// Learned on the training set.
    pub normalization: Normalization,
}

impl Parts {
    /// Normalises what is only looked at. All three come in their own units.
    pub fn new(
        train: Dataset,
        calibration: &Dataset,
        validation: &Dataset,
        normalization: Normalization,
    ) -> Self {
        Self {
            train,
            calibration: calibration.normalized(&normalization),
            validation: validation.normalized(&normalization),
            normalization,
        }
    }
}

/// Trains and scores candidates of a search.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    /// The data; of several folds the first, which proxies and supernets are content with.
    pub parts: &'a Parts,
    /// The same data divided in other ways, for validation by folds: a candidate is trained and scored on each, and
    /// the scores are pooled.
    pub other_folds: &'a [Parts],
    /// How to train; the budget of a candidate replaces the number of epochs.
    pub recipe: &'a Recipe,
    /// Set from outside to stop within a batch's time.
    pub cancel: &'a AtomicBool,
    /// Where weights are kept for children to begin with; without it, every network begins anew.
    pub keep: Option<&'a dyn Keep>,
}

impl Evaluate for Evaluator<'_> {
    fn evaluate(&self, candidate: &Candidate) -> Result<Score, EvaluateError> {
        single_threaded(|| self.score(candidate)).unwrap_or_else(|error| {
            Err(EvaluateError::Failed(format!(
                "no thread to train on: {error}"
            )))
        })
    }
}

impl Evaluator<'_> {
    fn score(&self, candidate: &Candidate) -> Result<Score, EvaluateError> {
        let folds = iter::once(self.parts).chain(self.other_folds);
        let scores = folds.enumerate().map(|(fold, parts)| {
            let score = self.score_on(candidate, fold, parts)?;
            Ok((score, parts.validation.len()))
        });
        Ok(pooled(&scores.collect::<Result<Vec<_>, _>>()?))
    }

    fn score_on(
        &self,
        candidate: &Candidate,
        fold: usize,
        parts: &Parts,
    ) -> Result<Score, EvaluateError> {
        let Candidate {
            graph,
            proxy,
            budget,
            seed,
            ..
        } = candidate;
        let graph = proxy.as_ref().unwrap_or(graph);
        let train_part = part(&parts.train, *budget, *seed);
        let recipe = Recipe {
            epochs: budget.epochs.max(1),
            ..self.recipe.clone()
        };
        let session = Session {
            graph,
            data: train_part.as_ref().unwrap_or(&parts.train),
            normalization: &parts.normalization,
            recipe: &recipe,
            seed: *seed,
            teachers: &[],
            cancel: self.cancel,
            progress: &|_| {},
        };
        let start = self.start(candidate, fold, graph)?;
        let weights = train(session, Some(start)).map_err(refused)?;
        if let Some(keep) = self.keep.filter(|_| candidate.rung == 0) {
            keep.save(&kept_as(candidate.id, fold), &weights.values());
        }
        let float = export(graph, &weights);
        let validation = &parts.validation;
        let scores = predict(&float, validation).map_err(failed)?;
        let quantized =
            Quantized::calibrated(&float, &parts.calibration, validation).map_err(failed)?;
        let accuracy = validation.int8_figure(&quantized.network).map_err(failed)?;
        let loss = validation.loss(&scores);
        Ok(Score {
            accuracy,
            float_accuracy: validation.figure(&scores),
            loss: loss.mean,
            metric: validation.metric(),
            uncertainty: validation.uncertainty(accuracy, loss),
        })
    }

    /// What a network's training begins with: chance, and over it what its parent has learned on the first rung.
    fn start(
        &self,
        candidate: &Candidate,
        fold: usize,
        graph: &Graph,
    ) -> Result<Weights, EvaluateError> {
        let mut weights = initial(graph, candidate.seed);
        let (Some(keep), Some(parent)) = (self.keep, &candidate.parent) else {
            return Ok(weights);
        };
        let mut learned = initial(&parent.graph, 0);
        let is_there = keep
            .load(&kept_as(parent.id, fold))
            .is_some_and(|values| learned.fill(&values));
        if !is_there {
            return Err(EvaluateError::Failed(format!(
                "the weights of network {} that it inherits are no longer there; delete the search's folder to \
                 search afresh",
                parent.id.0
            )));
        }
        weights.inherit(graph, &learned, &parent.graph);
        Ok(weights)
    }
}

/// The key of a candidate's weights.
fn kept_as(id: CandidateId, fold: usize) -> String {
    match fold {
        0 => format!("candidate {}", id.0),
        fold => format!("candidate {}, fold {fold}", id.0),
    }
}

/// Of scores on several folds, each with its number of samples, the one over all samples. Errors are those of
/// means over all samples.
fn pooled(scores: &[(Score, usize)]) -> Score {
    let all: usize = scores.iter().map(|&(_, samples)| samples).sum();
    let mean = |figure: fn(&Score) -> f32| {
        let sums = scores
            .iter()
            .map(|(score, samples)| (figure(score), *samples));
        let sum: f64 = sums
            .map(|(figure, samples)| f64::from(figure) * samples as f64)
            .sum();
        (sum / all as f64) as f32
    };
    let error = |figure: fn(&Uncertainty) -> f32| {
        let squares = scores.iter().map(|(score, samples)| {
            let error = score.uncertainty.as_ref().map(figure)?;
            Some((f64::from(error) * *samples as f64).powi(2))
        });
        let sum: f64 = squares.sum::<Option<f64>>()?;
        Some((sum.sqrt() / all as f64) as f32)
    };
    Score {
        accuracy: mean(|score| score.accuracy),
        float_accuracy: mean(|score| score.float_accuracy),
        loss: mean(|score| score.loss),
        metric: scores
            .first()
            .map_or(Metric::default(), |(score, _)| score.metric),
        uncertainty: error(|of| of.accuracy)
            .zip(error(|of| of.loss))
            .map(|(accuracy, loss)| Uncertainty { accuracy, loss }),
    }
}

/// Runs `work` in a pool of one thread: burn would otherwise spread every small operation over all
/// cores, which candidates in parallel use better.
pub(crate) fn single_threaded<R: Send>(
    work: impl FnOnce() -> R + Send,
) -> Result<R, rayon::ThreadPoolBuildError> {
    Ok(ThreadPoolBuilder::new()
        .num_threads(1)
        .build()?
        .install(work))
}

/// The share of the training data that a budget grants, the same share of each class; `None` is all.
fn part(train: &Dataset, budget: Budget, seed: u64) -> Option<Dataset> {
    if budget.fraction >= 1.0 {
        return None;
    }
    let mut order: Vec<usize> = (0..train.len()).collect();
    Random::new(seed, PART).shuffle(&mut order);
    let mut kept = Vec::new();
    for class in 0..train.classes.len() {
        let members: Vec<usize> = order
            .iter()
            .copied()
            .filter(|&i| train.labels[i] == class)
            .collect();
        let count = (members.len() as f32 * budget.fraction.max(0.0)).ceil() as usize;
        kept.extend_from_slice(&members[..count.min(members.len())]);
    }
    Some(train.subset(&kept))
}

fn refused(error: TrainError) -> EvaluateError {
    match error {
        TrainError::Cancelled => EvaluateError::Cancelled,
        TrainError::Diverged { epoch } => EvaluateError::Diverged { epoch },
        TrainError::Net(_) | TrainError::Data { .. } | TrainError::Rebuilds { .. } => failed(error),
    }
}

fn failed(error: impl std::fmt::Display) -> EvaluateError {
    EvaluateError::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(accuracy: f32, loss: f32, error: Option<f32>) -> Score {
        Score {
            accuracy,
            float_accuracy: accuracy,
            loss,
            metric: Metric::Accuracy,
            uncertainty: error.map(|error| Uncertainty {
                accuracy: error,
                loss: 2.0 * error,
            }),
        }
    }

    #[test]
    fn folds_are_pooled_by_their_samples() {
        let whole = pooled(&[
            (score(0.5, 1.0, Some(0.3)), 100),
            (score(0.9, 0.2, Some(0.4)), 300),
        ]);
        assert!((whole.accuracy - 0.8).abs() < 1e-6 && (whole.loss - 0.4).abs() < 1e-6);
        // √((0.3 · 100)² + (0.4 · 300)²) / 400
        let error = whole.uncertainty.map(|of| (of.accuracy, of.loss));
        assert!(
            error.is_some_and(|(a, l)| (a - 0.30923).abs() < 1e-4 && (l - 0.61847).abs() < 1e-4)
        );
        assert_eq!(
            pooled(&[(score(0.5, 1.0, None), 1), (score(0.5, 1.0, Some(0.1)), 1)]).uncertainty,
            None
        );
        let one = score(0.912_345, 0.3, Some(0.011));
        assert_eq!(pooled(&[(one, 57)]), one);
    }
}
