//! The network of all networks that a gradient strategy searches in: weights shared by all options, trained on
//! one half of the training data; the slope of the loss with regard to the gates on the other half. The
//! validation set sees none of it: it judges the networks that come out, as with every strategy.
//!
//! Reading order: this, [`mixture`] (the forward pass), [`masks`].

mod masks;
mod mixture;
#[cfg(test)]
mod tests;

use std::sync::atomic::Ordering;

use burn::tensor::{Device, Tensor, TensorData};
use ember_search::space::Mixed;
use ember_search::{EvaluateError, Gates, Order, Relax, Slope, Supernet};

use crate::batches::{Batches, halves};
use crate::distill::cross_entropy;
use crate::evaluate::Evaluator;
use crate::net::{Batch, StepGradients, Tracking};
use crate::optimizer::{AdamW, cosine};
use crate::random::Random;
use crate::task::Task;
use crate::trainer::Session;
use crate::weights::Weights;
use mixture::{Mixture, Wanted};

/// Stream of the supernet's seed that its first weights come from.
const INIT: u64 = 0;
/// Set apart from the seed for the half that gates learn on.
const OTHER: u64 = 1 << 63;

/// How far weights are moved for the difference that stands for a second derivative, as in DARTS: this over
/// the norm of the direction.
const NUDGE: f64 = 0.01;

const WEIGHTS: Wanted = Wanted {
    weights: Tracking::Tracked,
    gates: Tracking::Fixed,
};
const GATES: Wanted = Wanted {
    weights: Tracking::Fixed,
    gates: Tracking::Tracked,
};
const BOTH: Wanted = Wanted {
    weights: Tracking::Tracked,
    gates: Tracking::Tracked,
};

impl Relax for Evaluator<'_> {
    fn open<'a>(
        &'a self,
        mixed: &'a Mixed,
        seed: u64,
    ) -> Result<Box<dyn Supernet + 'a>, EvaluateError> {
        Ok(Box::new(Running::new(*self, mixed, seed)?))
    }
}

/// Normalised samples and soft targets.
#[derive(Clone, Debug)]
struct Lot {
    samples: Vec<f32>,
    targets: Vec<f32>,
}

/// Batches without end.
struct Stream<'a> {
    batches: Batches<'a>,
    at: usize,
}

impl Stream<'_> {
    fn next(&mut self) -> Lot {
        if self.at == 0 {
            self.batches.shuffle();
        }
        let (samples, targets) = self.batches.next(self.at);
        self.at = (self.at + 1) % self.batches.per_epoch;
        Lot { samples, targets }
    }
}

/// A supernet in training.
struct Running<'a> {
    evaluator: Evaluator<'a>,
    mixture: Mixture<'a>,
    weights: Weights,
    optimizer: AdamW,
    learning: Stream<'a>,
    judging: Stream<'a>,
    /// The batch that a slope of second order has looked at and the next step learns from.
    ahead: Option<Lot>,
    step: usize,
    steps: usize,
}

/// What a pass gave; gradients where they were wanted.
struct Pass {
    loss: f64,
    weights: StepGradients,
    gates: Gates,
}

impl<'a> Running<'a> {
    fn new(evaluator: Evaluator<'a>, mixed: &'a Mixed, seed: u64) -> Result<Self, EvaluateError> {
        let failed = |what: String| EvaluateError::Failed(what);
        match evaluator.parts.train.task {
            Task::Classification => {}
            Task::Anomaly => {
                let what = "a network of all networks learns to classify, not to rebuild its input";
                return Err(failed(what.into()));
            }
        }
        let mixture = Mixture::new(mixed).map_err(|error| failed(error.to_string()))?;
        let first = mixed.nodes.iter().flat_map(|node| &node.pieces).next();
        let graph = &first
            .ok_or_else(|| failed("BUG: a mixture without operations".into()))?
            .graph;
        let (data, recipe) = (&evaluator.parts.train, evaluator.recipe);
        let [learn, judge] = halves(data, seed);
        if judge.is_empty() {
            return Err(failed(format!(
                "{} training samples are too few to train weights and gates on different ones",
                data.len()
            )));
        }
        let stream = |indices, seed| Stream {
            batches: Batches::among(
                Session {
                    graph,
                    data,
                    normalization: &evaluator.parts.normalization,
                    recipe,
                    seed,
                    teachers: &[],
                    cancel: evaluator.cancel,
                    progress: &|_| {},
                },
                indices,
            ),
            at: 0,
        };
        let learning = stream(learn, seed);
        let weights = mixture.initial(&mut Random::new(seed, INIT));
        Ok(Self {
            optimizer: AdamW::new(&weights, recipe.weight_decay, recipe.clip_norm),
            steps: recipe.epochs.max(1) * learning.batches.per_epoch,
            learning,
            judging: stream(judge, seed ^ OTHER),
            evaluator,
            mixture,
            weights,
            ahead: None,
            step: 0,
        })
    }

    /// The learning rate of the step that comes next.
    fn rate(&self) -> f32 {
        let recipe = self.evaluator.recipe;
        let progress = self.step as f32 / self.steps as f32;
        cosine(recipe.learning_rate, recipe.warmup, progress.min(1.0))
    }

    /// Loss and gradients on a batch.
    fn pass(&self, weights: &Weights, gates: &Gates, batch: &Lot, wanted: Wanted) -> Pass {
        let device = Device::flex().autodiff();
        let bound = self.mixture.bind(weights, gates, wanted, &device);
        let shape = &self.evaluator.parts.validation.shape;
        let input = Batch::new(shape, &batch.samples, &device);
        let logits = self.mixture.forward(&bound, input);
        let targets = TensorData::new(batch.targets.clone(), logits.dims());
        let loss = cross_entropy(logits, Tensor::from_data(targets, &device));
        let mut gradients = loss.backward();
        Pass {
            weights: match wanted.weights {
                Tracking::Tracked => self
                    .mixture
                    .weight_gradients(weights, &bound, &mut gradients),
                Tracking::Fixed => StepGradients::new(),
            },
            gates: bound.gate_gradients(&mut gradients),
            loss: f64::from(loss.into_scalar::<f32>()),
        }
    }

    /// The slope on a batch of the judging half if the weights first take a step on a batch of theirs, with
    /// regard to everything that the gates change: ∇L(w′) − ξ·∇²L(w)·∇_w′L(w′), the product by a difference.
    /// The step is plain descent at the learning rate ξ.
    fn foreseen(&self, gates: &Gates, learn: &Lot, judge: &Lot) -> Slope {
        let rate = f64::from(self.rate());
        let step = self.pass(&self.weights, gates, learn, WEIGHTS).weights;
        let ahead = moved(&self.weights, &step, -rate);
        let judged = self.pass(&ahead, gates, judge, BOTH);
        let nudge = NUDGE / norm(&judged.weights).max(1e-12);
        let near = |by: f64| {
            let weights = moved(&self.weights, &judged.weights, by);
            self.pass(&weights, gates, learn, GATES).gates
        };
        let mut slope = judged.gates;
        slope.add(&near(nudge), -rate / (2.0 * nudge));
        slope.add(&near(-nudge), rate / (2.0 * nudge));
        Slope {
            loss: judged.loss,
            gates: slope,
        }
    }

    fn check(&self, loss: f64) -> Result<(), EvaluateError> {
        if self.evaluator.cancel.load(Ordering::Relaxed) {
            return Err(EvaluateError::Cancelled);
        }
        if !loss.is_finite() {
            let epoch = 1 + self.step / self.learning.batches.per_epoch;
            return Err(EvaluateError::Diverged { epoch });
        }
        Ok(())
    }
}

impl Supernet for Running<'_> {
    fn steps(&self) -> usize {
        self.steps
    }

    fn learn(&mut self, gates: &Gates) -> Result<(), EvaluateError> {
        let batch = self.ahead.take().unwrap_or_else(|| self.learning.next());
        let pass = self.pass(&self.weights, gates, &batch, WEIGHTS);
        self.check(pass.loss)?;
        let rate = self.rate();
        self.optimizer.step(&mut self.weights, &pass.weights, rate);
        self.step += 1;
        Ok(())
    }

    fn slope(&mut self, gates: &Gates, order: Order) -> Result<Slope, EvaluateError> {
        let judge = self.judging.next();
        let slope = match order {
            Order::First => {
                let pass = self.pass(&self.weights, gates, &judge, GATES);
                Slope {
                    loss: pass.loss,
                    gates: pass.gates,
                }
            }
            Order::Second => {
                let learn = self.ahead.take().unwrap_or_else(|| self.learning.next());
                let slope = self.foreseen(gates, &learn, &judge);
                self.ahead = Some(learn);
                slope
            }
        };
        self.check(slope.loss)?;
        Ok(slope)
    }
}

/// The weights plus `factor` times a gradient.
fn moved(weights: &Weights, gradient: &StepGradients, factor: f64) -> Weights {
    let mut moved = weights.clone();
    for (node, gradient) in moved.nodes.iter_mut().zip(gradient) {
        let (Some(node), Some([kernel, bias, gamma])) = (node, gradient) else {
            continue;
        };
        let norm = node.norm.as_mut();
        let own_gamma = norm.map_or(&mut [][..], |norm| &mut norm.gamma[..]);
        let vectors = [
            (&mut node.kernel[..], kernel),
            (&mut node.bias[..], bias),
            (own_gamma, gamma),
        ];
        for (values, gradient) in vectors {
            for (value, g) in values.iter_mut().zip(gradient) {
                *value += (factor * f64::from(*g)) as f32;
            }
        }
    }
    moved
}

fn norm(gradient: &StepGradients) -> f64 {
    let squares = gradient.iter().flatten().flatten().flatten();
    squares
        .map(|&g| f64::from(g) * f64::from(g))
        .sum::<f64>()
        .sqrt()
}
