//! The chosen network, trained for good: several long runs teach one more (an ensemble distilled into
//! the network itself), the result is quantised after training and by quantisation-aware fine-tuning,
//! and the better int8 network on the validation set is kept.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ember_codegen::quantize::Range;
use ember_ir::{FloatGraph, Graph, QuantGraph};
use serde::{Deserialize, Serialize};

use crate::evaluate::{Parts, single_threaded};
use crate::net::NetError;
use crate::predict::{accuracy, predict};
use crate::quantized::{Quantized, QuantizedError, int8_accuracy};
use crate::recipe::Recipe;
use crate::trainer::{Session, TrainError, train};
use crate::weights::export;

/// How the chosen network is trained.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FinalRecipe {
    /// Of the teachers and of the student.
    pub training: Recipe,
    /// Runs whose mean opinion the last run learns from; 0 trains one run on the labels alone.
    pub teachers: usize,
    /// Of quantisation-aware fine-tuning; 0 epochs leave it out.
    pub tuning: Recipe,
    /// Runs at a time; the result does not depend on it.
    pub workers: usize,
}

impl FinalRecipe {
    /// A final training whose fine-tuning follows from the training itself: a third of its epochs (at
    /// most 30) at a sixth of its learning rate.
    pub fn new(training: Recipe, teachers: usize) -> Self {
        let tuning = Recipe {
            epochs: (training.epochs / 3).clamp(1, 30),
            learning_rate: training.learning_rate / 6.0,
            ..training.clone()
        };
        Self {
            training,
            teachers,
            tuning,
            workers: 1,
        }
    }
}

impl Default for FinalRecipe {
    fn default() -> Self {
        Self::new(Recipe::default(), 0)
    }
}

/// How the int8 network came about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Calibrated after training.
    PostTraining,
    /// Fine-tuned on the int8 grid.
    QuantizationAware,
}

/// The chosen network, trained.
#[derive(Clone, PartialEq, Debug)]
pub struct Trained {
    /// The f32 network, batch norms folded, that was quantised.
    pub float_graph: FloatGraph,
    /// The range of each tensor.
    pub ranges: Vec<Range>,
    /// What the device computes.
    pub quant_graph: QuantGraph,
    /// How it was quantised.
    pub method: Method,
    /// What each way to quantise gave on the validation set, in the order in which they were tried.
    pub steps: Vec<Step>,
    /// Accuracy of the f32 network on the validation set.
    pub accuracy_float: f32,
    /// Accuracy of the int8 network on the validation set.
    pub accuracy_int8: f32,
}

/// What a way to quantise gave on the validation set.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// The way.
    pub method: Method,
    /// Accuracy of the f32 network that was quantised.
    pub accuracy_float: f32,
    /// Accuracy of the int8 network.
    pub accuracy_int8: f32,
}

/// Why there is no trained network.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum FinalizeError {
    /// Training failed or was cancelled.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The trained network cannot be quantised.
    #[error(transparent)]
    Quantized(#[from] QuantizedError),
    /// No thread could be started.
    #[error("no thread to train on: {0}")]
    Threads(String),
}

impl From<NetError> for FinalizeError {
    fn from(error: NetError) -> Self {
        Self::Train(error.into())
    }
}

impl From<ember_codegen::lower::LowerError> for FinalizeError {
    fn from(error: ember_codegen::lower::LowerError) -> Self {
        Self::Quantized(error.into())
    }
}

/// The border between a final training and whoever started it.
#[derive(Clone, Copy)]
pub struct Supervision<'a> {
    /// Set from outside to stop between two batches.
    pub cancel: &'a AtomicBool,
    /// Told after each epoch how many of how many epochs are done, all runs together.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

/// Trains `graph` on the parts' training data; the validation set chooses between ways to quantise.
/// Everything random follows from `seed`.
pub fn finalize(
    graph: &Graph,
    parts: &Parts,
    recipe: &FinalRecipe,
    seed: u64,
    supervision: Supervision<'_>,
) -> Result<Trained, FinalizeError> {
    let done = AtomicUsize::new(0);
    let epochs = recipe.training.epochs * (recipe.teachers + 1) + recipe.tuning.epochs;
    let count = |_| (supervision.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, epochs);
    let session = |recipe, seed, teachers| Session {
        graph,
        data: &parts.train,
        normalization: &parts.normalization,
        recipe,
        seed,
        teachers,
        cancel: supervision.cancel,
        progress: &count,
    };
    let seeds: Vec<u64> = (1..=recipe.teachers as u64)
        .map(|run| run_seed(seed, run))
        .collect();
    let teachers = in_parallel(&seeds, recipe.workers, |&seed| {
        Ok(export(
            graph,
            &train(session(&recipe.training, seed, &[]), None)?,
        ))
    })?;
    single_threaded(|| {
        let student = train(
            session(&recipe.training, run_seed(seed, 0), &teachers),
            None,
        )?;
        let float = export(graph, &student);
        let plain = Quantized::calibrated(&float, &parts.calibration, &parts.validation)?;
        let plain = judged(plain, Method::PostTraining, parts)?;
        if recipe.tuning.epochs == 0 {
            return Ok(plain);
        }
        let start = Quantized {
            float: plain.float_graph.clone(),
            ranges: plain.ranges.clone(),
            network: plain.quant_graph.clone(),
        };
        let tuned = start.tuned(session(&recipe.tuning, run_seed(seed, 0), &teachers))??;
        let tuned = judged(tuned, Method::QuantizationAware, parts)?;
        let steps = [plain.steps.as_slice(), &tuned.steps].concat();
        // On equal accuracy the fine-tuned one: it has seen the grid.
        let better = if tuned.accuracy_int8 >= plain.accuracy_int8 {
            tuned
        } else {
            plain
        };
        Ok(Trained { steps, ..better })
    })
    .map_err(|error| FinalizeError::Threads(error.to_string()))?
}

fn judged(quantized: Quantized, method: Method, parts: &Parts) -> Result<Trained, FinalizeError> {
    let scores = predict(&quantized.float, &parts.validation)?;
    let step = Step {
        method,
        accuracy_float: accuracy(&scores, &parts.validation.labels),
        accuracy_int8: int8_accuracy(&quantized.network, &parts.validation)?,
    };
    Ok(Trained {
        accuracy_float: step.accuracy_float,
        accuracy_int8: step.accuracy_int8,
        steps: vec![step],
        float_graph: quantized.float,
        ranges: quantized.ranges,
        quant_graph: quantized.network,
        method,
    })
}

/// Seeds of the runs of one final training: distinct, and far from those of other jobs' runs.
fn run_seed(seed: u64, run: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(run)
}

/// `work` on every item, on so many threads, each with a pool of its own for burn; results in the
/// items' order, and the first item's error if several fail.
fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    workers: usize,
    work: impl Fn(&T) -> Result<R, FinalizeError> + Sync,
) -> Result<Vec<R>, FinalizeError> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<R, FinalizeError>)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..workers.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(item) = items.get(index)
                {
                    let result = single_threaded(|| work(item))
                        .unwrap_or_else(|error| Err(FinalizeError::Threads(error.to_string())));
                    results
                        .lock()
                        .unwrap_or_else(|poisoned| poisoned.into_inner())
                        .push((index, result));
                }
            });
        }
    });
    let mut results = results
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
