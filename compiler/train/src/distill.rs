//! What a network in training is to answer: labels (or the sample itself, to be rebuilt), and the opinion of teachers.
//!
//! With a share a of T² · KL(teacher ‖ student), both softened by a temperature, beside (1 − a) of the
//! cross-entropy against the labels. Source: Hinton et al., arXiv 1503.02531.

use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Tensor, TensorData};
use ember_ir::{FloatGraph, Graph};

use crate::net::{Batch, Exact, Leaves, Net, NetError, to_vec};
use crate::recipe::Recipe;
use crate::task::Task;
use crate::trainer::input_shape;
use crate::weights::Weights;

/// What a batch is to answer.
#[derive(Clone, Copy, Debug)]
pub struct Targets<'a> {
    /// What is learned.
    pub task: Task,
    /// Probabilities, classes per sample; or the samples.
    pub labels: &'a [f32],
    /// What teachers say, if there are any.
    pub taught: Option<Taught<'a>>,
}

impl<'a> Targets<'a> {
    /// Labels and what teachers say of them, if somebody teaches.
    pub fn taught(
        task: Task,
        labels: &'a [f32],
        opinion: Option<&'a [f32]>,
        recipe: &Recipe,
    ) -> Self {
        Self {
            task,
            labels,
            taught: opinion.map(|opinion| Taught {
                opinion,
                share: recipe.distillation,
                temperature: recipe.student_temperature.max(1e-3),
            }),
        }
    }

    /// The loss: the cross-entropy against a soft target has the gradient of the Kullback–Leibler divergence. What
    /// is rebuilt has the mean squared error, from the sample and from what teachers make of it.
    pub(crate) fn loss(&self, logits: Tensor<2>) -> Tensor<1> {
        let (dims, device) = (logits.dims(), logits.device());
        let constant = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), dims);
            Tensor::<2>::from_data(data, &device)
        };
        let loss = |answer, target| match self.task {
            Task::Classification => cross_entropy(answer, constant(target)),
            Task::Anomaly => squared_error(answer, constant(target)),
        };
        let own = loss(logits.clone(), self.labels);
        let Some(taught) = self.taught else {
            return own;
        };
        let temperature = match self.task {
            Task::Classification => taught.temperature,
            Task::Anomaly => 1.0,
        };
        let softened = logits.div_scalar(temperature);
        let scale = taught.share * temperature * temperature;
        let distance = loss(softened, taught.opinion).mul_scalar(scale);
        own.mul_scalar(1.0 - taught.share) + distance
    }

    /// Targets without teachers.
    pub fn of(task: Task, labels: &'a [f32]) -> Self {
        Self {
            task,
            labels,
            taught: None,
        }
    }
}

/// What teachers say of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Taught<'a> {
    /// Probabilities at the teachers' temperature, classes per sample; or what teachers rebuilt.
    pub opinion: &'a [f32],
    /// Its share in the loss, in [0, 1].
    pub share: f32,
    /// Of the student's own probabilities where they are compared with it.
    pub temperature: f32,
}

/// Mean over the batch of −Σ target · log softmax(logits).
pub(crate) fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let batch = logits.dims()[0] as f32;
    (log_softmax(logits, 1) * targets)
        .sum()
        .mul_scalar(-1.0 / batch)
}

/// Mean over the batch and all elements.
fn squared_error(output: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    (output - targets).square().mean()
}

/// Trained networks, ready to be asked.
pub(crate) fn teachers(networks: &[FloatGraph]) -> Result<Vec<(Net<'_>, Leaves)>, NetError> {
    let device = Device::flex();
    networks
        .iter()
        .map(|network| {
            let weights = Weights::from_float(network);
            Ok((
                Net::new(&network.graph)?,
                Leaves::new(&network.graph, &weights, &device),
            ))
        })
        .collect()
}

/// The teachers' mean opinion of a batch at their temperature; `None` where nobody teaches.
pub(crate) fn opinion(
    teachers: &[(Net<'_>, Leaves)],
    recipe: &Recipe,
    task: Task,
    graph: &Graph,
    samples: &[f32],
    len: usize,
) -> Option<Vec<f32>> {
    if teachers.is_empty() || recipe.distillation <= 0.0 {
        return None;
    }
    let device = Device::flex();
    let mut opinion = vec![0.0; len];
    for (net, leaves) in teachers {
        let input = Batch::new(input_shape(graph), samples, &device);
        let logits = net.forward(leaves, input, &mut Exact).logits;
        let answer = match task {
            Task::Classification => softmax(logits.div_scalar(recipe.temperature.max(1e-3)), 1),
            Task::Anomaly => logits,
        };
        for (sum, p) in opinion.iter_mut().zip(to_vec(answer)) {
            *sum += p / teachers.len() as f32;
        }
    }
    Some(opinion)
}
