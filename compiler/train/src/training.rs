//! The final training of a network: several long runs teach one more, something may be taken out of it
//! and the rest trained on, and it is quantised after training and by quantisation-aware fine-tuning; the
//! better int8 network on the validation set is kept.
//!
//! Weights of every stage can be kept, so that runs which share a stage (another way to quantise, something
//! else taken out) share its training.

mod reduce;

use std::sync::atomic::AtomicBool;

use ember_ir::{FloatGraph, Graph};
use ember_search::Price;

use crate::compress::low_rank::factors;
use crate::compress::prune::pays;
use crate::compress::{Reduction, Wish, with_int4};
use crate::evaluate::{Parts, single_threaded};
use crate::finalize::{FinalRecipe, FinalizeError, Method, Step, Trained};
use crate::predict::predict;
use crate::quantized::Quantized;
use crate::recipe::Recipe;
use crate::teach::{Teachers, run_seed, teach};
use crate::trainer::{Epoch, Session, TrainError, initial, train};
use crate::weights::{Weights, export};

/// The border between a final training and whoever started it.
#[derive(Clone, Copy)]
pub struct Supervision<'a> {
    /// Set from outside to stop between two batches.
    pub cancel: &'a AtomicBool,
    /// Told how many more epochs are done.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// Keeps trained weights from one session to the next, by a text that says all that they depend on beside
/// the data.
pub trait Keep: Sync {
    /// What was kept under this key.
    fn load(&self, key: &str) -> Option<Vec<f32>>;
    /// Keeps it; losing it only costs time.
    fn save(&self, key: &str, values: &[f32]);
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug)]
pub struct Forget;

impl Keep for Forget {
    fn load(&self, _: &str) -> Option<Vec<f32>> {
        None
    }
    fn save(&self, _: &str, _: &[f32]) {}
}

/// A network in its final training; the validation set of the parts judges. Everything random follows from
/// the seed.
#[derive(Clone, Copy)]
pub struct Training<'a> {
    /// The topology.
    pub graph: &'a Graph,
    /// The data.
    pub parts: &'a Parts,
    /// How to train.
    pub recipe: &'a FinalRecipe,
    /// Of everything random.
    pub seed: u64,
    /// Whom it learns from, in the place of runs of its own.
    pub teachers: Option<&'a Teachers>,
    /// Where weights are kept.
    pub keep: &'a dyn Keep,
    /// Who watches.
    pub supervision: Supervision<'a>,
}

/// A network on the way: topology, weights, and the key of all that they depend on.
#[derive(Clone)]
struct Stage {
    graph: Graph,
    weights: Weights,
    key: String,
}

impl Training<'_> {
    /// Trains, reduces, quantises; the validation set chooses between ways to quantise.
    pub fn finish(&self, reduction: &Reduction) -> Result<Trained, FinalizeError> {
        let teachers = self.taught()?;
        alone(|| {
            let student = self.student(&teachers)?;
            let pruned = self.prune(student, reduction, &teachers)?;
            let mut reduced = self.factorise(pruned, &reduction.factors, &teachers)?;
            reduced.graph = with_int4(&reduced.graph, &reduction.int4);
            self.quantise(&reduced, &teachers)
        })
    }

    /// What this run's weights suggest to take out beyond what is out already.
    pub fn reduction(
        &self,
        so_far: &Reduction,
        wish: Wish,
        price: &dyn Price,
    ) -> Result<Reduction, FinalizeError> {
        let teachers = self.taught()?;
        let mut reduction = so_far.clone();
        let mut stage = alone(|| self.student(&teachers))?;
        if wish.pruning > 0.0 && so_far.is_none() {
            let share = wish.pruning;
            let masked = if wish.learns {
                (1000.0 * share) as u16
            } else {
                0
            };
            let (ranked, importance) = alone(|| self.ranked(stage.clone(), masked, &teachers))?;
            reduction.widths = pays(&ranked.graph, &importance, share, price);
            reduction.masked = if reduction.widths.is_empty() {
                0
            } else {
                masked
            };
        }
        if wish.low_rank > 0.0 && so_far.factors.is_empty() {
            stage = alone(|| self.prune(stage, &reduction, &teachers))?;
            reduction.factors = factors(&stage.graph, &stage.weights, wish.low_rank, price);
        }
        Ok(reduction)
    }

    /// The given teachers, or runs of the network itself that the recipe asks for.
    fn taught(&self) -> Result<Teachers, FinalizeError> {
        if let Some(teachers) = self.teachers {
            return Ok(teachers.clone());
        }
        teach(*self, self.recipe.teachers)
    }

    fn student(&self, teachers: &Teachers) -> Result<Stage, FinalizeError> {
        let seed = run_seed(self.seed, 0);
        let key = format!(
            "{:?} {:?} {seed} taught by {}",
            self.graph, self.recipe.training, teachers.key
        );
        let start = initial(self.graph, seed);
        let recipe = &self.recipe.training;
        let weights = self.learned(self.graph, start, recipe, seed, &teachers.networks, &key)?;
        Ok(Stage {
            graph: self.graph.clone(),
            weights,
            key,
        })
    }

    /// The weights after a training, from an earlier session if they were kept.
    pub(crate) fn learned(
        &self,
        graph: &Graph,
        start: Weights,
        recipe: &Recipe,
        seed: u64,
        teachers: &[FloatGraph],
        key: &str,
    ) -> Result<Weights, FinalizeError> {
        let run = |start, progress: &(dyn Fn(Epoch) + Sync)| {
            let session = self.session(graph, recipe, seed, teachers, progress);
            Ok((train(session, Some(start))?, Vec::new()))
        };
        let (weights, _) = self.recalled(start, 0, recipe, key, run)?;
        Ok(weights)
    }

    /// What a training gives, weights and so many numbers `more`, from an earlier session if it was kept.
    fn recalled(
        &self,
        mut start: Weights,
        more: usize,
        recipe: &Recipe,
        key: &str,
        run: impl FnOnce(Weights, &(dyn Fn(Epoch) + Sync)) -> Result<(Weights, Vec<f32>), TrainError>,
    ) -> Result<(Weights, Vec<f32>), FinalizeError> {
        if let Some(mut values) = self.keep.load(key)
            && let Some(count) = values.len().checked_sub(more)
            && start.fill(&values[..count])
        {
            (self.supervision.progress)(recipe.epochs);
            return Ok((start, values.split_off(count)));
        }
        let (weights, told) = run(start, &|_| (self.supervision.progress)(1))?;
        self.keep
            .save(key, &[weights.values(), told.clone()].concat());
        Ok((weights, told))
    }

    fn quantise(&self, stage: &Stage, teachers: &Teachers) -> Result<Trained, FinalizeError> {
        let parts = self.parts;
        let float = export(&stage.graph, &stage.weights);
        let plain = Quantized::calibrated(&float, &parts.calibration, &parts.validation)?;
        let recipe = &self.recipe.tuning;
        let judged_plain = judged(plain.clone(), Method::PostTraining, parts)?;
        if recipe.epochs == 0 {
            return Ok(judged_plain);
        }
        let count = |_| (self.supervision.progress)(1);
        let seed = run_seed(self.seed, 0);
        let session = self.session(&stage.graph, recipe, seed, &teachers.networks, &count);
        let tuned = judged(plain.tuned(session)??, Method::QuantizationAware, parts)?;
        let steps = [judged_plain.steps.as_slice(), &tuned.steps].concat();
        // On equal accuracy the fine-tuned one: it has seen the grid.
        let better = if tuned.accuracy_int8 >= judged_plain.accuracy_int8 {
            tuned
        } else {
            judged_plain
        };
        Ok(Trained { steps, ..better })
    }

    fn session<'b>(
        &'b self,
        graph: &'b Graph,
        recipe: &'b Recipe,
        seed: u64,
        teachers: &'b [FloatGraph],
        progress: &'b (dyn Fn(Epoch) + Sync),
    ) -> Session<'b> {
        Session {
            graph,
            data: &self.parts.train,
            normalization: &self.parts.normalization,
            recipe,
            seed,
            teachers,
            cancel: self.supervision.cancel,
            progress,
        }
    }
}

/// `work` on one thread.
fn alone<R: Send>(
    work: impl FnOnce() -> Result<R, FinalizeError> + Send,
) -> Result<R, FinalizeError> {
    single_threaded(work).unwrap_or_else(|error| Err(FinalizeError::Threads(error.to_string())))
}

fn judged(quantized: Quantized, method: Method, parts: &Parts) -> Result<Trained, FinalizeError> {
    let scores = predict(&quantized.float, &parts.validation)?;
    let step = Step {
        method,
        accuracy_float: parts.validation.figure(&scores),
        accuracy_int8: parts.validation.int8_figure(&quantized.network)?,
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
