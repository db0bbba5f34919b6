//! What a final training is told and what comes of it; [`crate::training`] does the work.

use ember_codegen::quantize::Range;
use ember_ir::{FloatGraph, QuantGraph};
use serde::{Deserialize, Serialize};

use crate::compress::Reduction;
use crate::net::NetError;
use crate::quantized::QuantizedError;
use crate::recipe::Recipe;
use crate::trainer::TrainError;

/// How the chosen network is trained.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FinalRecipe {
    /// Of the teachers and of the student.
    pub training: Recipe,
    /// Runs whose mean opinion the last run learns from; 0 trains one run on the labels alone.
    pub teachers: usize,
    /// Of the network that is left after something was taken out.
    pub recovery: Recipe,
    /// Of quantisation-aware fine-tuning; 0 epochs leave it out.
    pub tuning: Recipe,
    /// Runs at a time; the result does not depend on it.
    pub workers: usize,
}

impl FinalRecipe {
    /// A final training whose fine-tuning follows from the training itself: a third of its epochs (at
    /// most 30) at a sixth of its learning rate; half of its epochs (at most 50) at half of the rate after
    /// something was taken out.
    pub fn new(training: Recipe, teachers: usize) -> Self {
        let tuning = Recipe {
            epochs: (training.epochs / 3).clamp(1, 30),
            learning_rate: training.learning_rate / 6.0,
            ..training.clone()
        };
        let recovery = Recipe {
            epochs: (training.epochs / 2).clamp(1, 50),
            learning_rate: training.learning_rate / 2.0,
            ..training.clone()
        };
        Self {
            training,
            teachers,
            recovery,
            tuning,
            workers: 1,
        }
    }

    /// Epochs of a run with teachers of its own, or with those of others.
    pub fn epochs(&self, reduction: &Reduction, has_teachers: bool) -> usize {
        let runs = if has_teachers { 0 } else { self.teachers };
        let cuts = [
            !reduction.widths.is_empty(),
            reduction.masked > 0,
            !reduction.factors.is_empty(),
        ];
        let cuts = cuts.into_iter().filter(|&is| is).count();
        self.training.epochs * (runs + 1) + self.recovery.epochs * cuts + self.tuning.epochs
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
    /// Accuracy (or the validation set's own figure, see [`crate::task`]) of the f32 network on it.
    pub accuracy_float: f32,
    /// The same of the int8 network.
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
