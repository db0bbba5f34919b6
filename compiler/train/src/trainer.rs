//! The training loop: batches in a seeded order, varied by the augmentation, one forward and backward
//! pass in burn and one AdamW step each, an exponential average of the weights beside it. Everything
//! random comes from the seed, so that the same call gives the same weights bit for bit.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{Device, Tensor};
use ember_ir::{FloatGraph, Graph, Shape};

use crate::batches::Batches;
use crate::dataset::Dataset;
use crate::distill::{Targets, opinion, teachers};
use crate::net::{Batch, Exact, Leaves, Net, NetError, Numerics, StepGradients, to_vec};
use crate::normalization::Normalization;
use crate::optimizer::{AdamW, cosine};
use crate::random::Random;
use crate::recipe::Recipe;
use crate::task::Task;
use crate::weights::Weights;

/// Weight of a batch's statistics in the running ones.
const MOMENTUM: f32 = 0.1;

/// Stream of the run's seed that the first weights come from; [`Batches`] uses others.
const INIT: u64 = 0;

/// Why a training run gave no network.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TrainError {
    /// The graph cannot be trained.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The network does not fit the data.
    #[error(
        "the network takes {network} and gives {outputs} scores; the data has samples of {data} and {classes} classes"
    )]
    Data {
        /// Input shape of the network.
        network: Shape,
        /// Its number of outputs.
        outputs: usize,
        /// Shape of a sample.
        data: Shape,
        /// Number of classes.
        classes: usize,
    },
    /// A network that is to rebuild its input gives something else.
    #[error(
        "the network takes {network} and gives {outputs} values; to rebuild samples of {data} it has to take and give as many"
    )]
    Rebuilds {
        /// Input shape of the network.
        network: Shape,
        /// Its number of outputs.
        outputs: usize,
        /// Shape of a sample.
        data: Shape,
    },
    /// The loss or the weights became infinite or not a number.
    #[error(
        "training diverged in epoch {epoch}: the loss is not finite; a lower learning rate may help"
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
    },
    /// The cancel flag was set.
    #[error("the training was cancelled")]
    Cancelled,
}

/// One finished epoch.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Epoch {
    /// Its number, from 1.
    pub epoch: usize,
    /// How many there will be.
    pub epochs: usize,
    /// Mean loss over its batches.
    pub loss: f32,
}

/// What a training run works on.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    /// The topology.
    pub graph: &'a Graph,
    /// Training samples in their own units; series may be longer than the network's window.
    pub data: &'a Dataset,
    /// Learned on the training samples.
    pub normalization: &'a Normalization,
    /// How to train.
    pub recipe: &'a Recipe,
    /// Of everything random.
    pub seed: u64,
    /// Networks whose averaged opinion the targets follow; may be empty.
    pub teachers: &'a [FloatGraph],
    /// Set from outside to stop between two batches.
    pub cancel: &'a AtomicBool,
    /// Told after each epoch.
    pub progress: &'a (dyn Fn(Epoch) + Sync),
}

/// Trains from fresh or given weights and returns the (averaged) weights.
pub fn train(session: Session<'_>, start: Option<Weights>) -> Result<Weights, TrainError> {
    let weights = start.unwrap_or_else(|| initial(session.graph, session.seed));
    train_with(session, weights, &mut Exact, &mut |_, _| {})
}

/// The weights that a run with this seed starts from.
pub fn initial(graph: &Graph, seed: u64) -> Weights {
    Weights::init(graph, &mut Random::new(seed, INIT))
}

/// The loop itself. `numerics` may observe and change what flows; `before_step` is told it and the
/// point of the training in [0, 1) before each step.
pub(crate) fn train_with<N: Numerics>(
    session: Session<'_>,
    mut weights: Weights,
    numerics: &mut N,
    before_step: &mut dyn FnMut(&mut N, f32),
) -> Result<Weights, TrainError> {
    let Session {
        graph,
        data,
        recipe,
        ..
    } = session;
    let net = Net::new(graph)?;
    check(graph, data)?;
    let teachers = teachers(session.teachers)?;
    let mut batches = Batches::new(session);
    let mut optimizer = AdamW::new(&weights, recipe.weight_decay, recipe.clip_norm);
    let mut average = (recipe.average_decay > 0.0).then(|| weights.clone());
    let steps = recipe.epochs * batches.per_epoch;
    for epoch in 1..=recipe.epochs {
        batches.shuffle();
        let mut losses = 0.0;
        for batch in 0..batches.per_epoch {
            if session.cancel.load(Ordering::Relaxed) {
                return Err(TrainError::Cancelled);
            }
            let done = (epoch - 1) * batches.per_epoch + batch;
            let progress = done as f32 / steps as f32;
            before_step(numerics, progress);
            let (samples, targets) = batches.next(batch);
            let opinion = opinion(&teachers, recipe, data.task, graph, &samples, targets.len());
            let targets = Targets::taught(data.task, &targets, opinion.as_deref(), recipe);
            let Step {
                loss,
                gradients,
                statistics,
            } = step(&net, &weights, &samples, targets, numerics);
            losses += f64::from(loss);
            optimizer.step(
                &mut weights,
                &gradients,
                cosine(recipe.learning_rate, recipe.warmup, progress),
            );
            track(&mut weights, statistics);
            if let Some(average) = &mut average {
                // A short memory at first, so that the start is forgotten.
                average.average(
                    &weights,
                    recipe
                        .average_decay
                        .min((1 + done) as f32 / (10 + done) as f32),
                );
            }
        }
        let loss = (losses / batches.per_epoch as f64) as f32;
        if !loss.is_finite() || !weights.is_finite() {
            return Err(TrainError::Diverged { epoch });
        }
        (session.progress)(Epoch {
            epoch,
            epochs: recipe.epochs,
            loss,
        });
    }
    Ok(average.unwrap_or(weights))
}

/// What one batch says of the weights.
#[derive(Debug)]
pub struct Step {
    /// Mean over the batch.
    pub loss: f32,
    /// Of the loss.
    pub gradients: StepGradients,
    /// Per node with a batch norm: its index, the batch's mean and (biased) variance.
    pub statistics: Vec<(usize, Tensor<1>, Tensor<1>)>,
}

/// One forward and backward pass over normalised samples, one after the other.
pub fn step(
    net: &Net<'_>,
    weights: &Weights,
    samples: &[f32],
    targets: Targets<'_>,
    numerics: &mut dyn Numerics,
) -> Step {
    let device = Device::flex().autodiff();
    let leaves = Leaves::new(net.graph(), weights, &device);
    let input = Batch::new(input_shape(net.graph()), samples, &device);
    let forward = net.forward(&leaves, input, numerics);
    let loss = targets.loss(forward.logits);
    let mut gradients = loss.backward();
    numerics.learn(&mut gradients);
    Step {
        gradients: leaves.gradients(&mut gradients),
        loss: loss.into_scalar::<f32>(),
        statistics: forward.statistics,
    }
}

/// Moves the running statistics of the batch norms towards the batch's.
fn track(weights: &mut Weights, statistics: Vec<(usize, Tensor<1>, Tensor<1>)>) {
    for (index, mean, variance) in statistics {
        let Some(norm) = weights.nodes[index]
            .as_mut()
            .and_then(|node| node.norm.as_mut())
        else {
            continue;
        };
        for (running, batch) in [(&mut norm.mean, mean), (&mut norm.variance, variance)] {
            for (running, batch) in running.iter_mut().zip(to_vec(batch.inner())) {
                *running += MOMENTUM * (batch - *running);
            }
        }
    }
}

/// Shape of the network's input.
pub(crate) fn input_shape(graph: &Graph) -> &Shape {
    &graph.tensor(graph.inputs[0]).shape
}

/// The data must have the network's shape, or be a longer series of it.
fn check(graph: &Graph, data: &Dataset) -> Result<(), TrainError> {
    let (network, outputs) = (
        input_shape(graph),
        graph.tensor(graph.outputs[0]).shape.elements(),
    );
    // A series in time, or rows of sound as a picture.
    let longer = match (network.hwc(), data.shape.hwc()) {
        (Some([1, t, c]), Some([1, source, channels])) => source >= t && c == channels,
        (Some([t, bands, 1]), Some([source, levels, 1])) => source >= t && bands == levels,
        _ => false,
    };
    let fits = network == &data.shape || longer;
    let (network, shape) = (network.clone(), data.shape.clone());
    match data.task {
        Task::Classification if !fits || outputs != data.classes.len() => Err(TrainError::Data {
            network,
            outputs,
            data: shape,
            classes: data.classes.len(),
        }),
        Task::Anomaly if !fits || outputs != network.elements() => Err(TrainError::Rebuilds {
            network,
            outputs,
            data: shape,
        }),
        Task::Classification | Task::Anomaly => Ok(()),
    }
}
