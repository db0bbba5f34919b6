//! What a network in training is to answer: labels, and the opinion of teachers.
//!
//! With a share a of T² · KL(teacher ‖ student), both softened by a temperature, beside (1 − a) of the
//! cross-entropy against the labels. Source: Hinton et al., arXiv 1503.02531.

use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Tensor, TensorData};
use ember_ir::{FloatGraph, Graph};

use crate::net::{Batch, Exact, Leaves, Net, NetError, to_vec};
use crate::recipe::Recipe;
use crate::trainer::input_shape;
use crate::weights::Weights;

/// What a batch is to answer.
#[derive(Clone, Copy, Debug)]
pub struct Targets<'a> {
    /// Probabilities, classes per sample.
    pub labels: &'a [f32],
    /// What teachers say, if there are any.
    pub taught: Option<Taught<'a>>,
}

impl<'a> Targets<'a> {
    /// Labels and what teachers say of them, if somebody teaches.
    pub fn taught(labels: &'a [f32], opinion: Option<&'a [f32]>, recipe: &Recipe) -> Self {
        Self {
            labels,
            taught: opinion.map(|opinion| Taught {
                opinion,
                share: recipe.distillation,
                temperature: recipe.student_temperature.max(1e-3),
            }),
        }
    }

    /// The loss: the cross-entropy against a soft target has the gradient of the Kullback–Leibler divergence.
    pub(crate) fn loss(&self, logits: Tensor<2>) -> Tensor<1> {
        let (dims, device) = (logits.dims(), logits.device());
        let constant = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), dims);
            Tensor::<2>::from_data(data, &device)
        };
        let loss = cross_entropy(logits.clone(), constant(self.labels));
        let Some(taught) = self.taught else {
            return loss;
        };
        let softened = logits.div_scalar(taught.temperature);
        let scale = taught.share * taught.temperature * taught.temperature;
        let distance = cross_entropy(softened, constant(taught.opinion)).mul_scalar(scale);
        loss.mul_scalar(1.0 - taught.share) + distance
    }

    /// Labels without teachers.
    pub fn of(labels: &'a [f32]) -> Self {
        Self {
            labels,
            taught: None,
        }
    }
}

/// What teachers say of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Taught<'a> {
    /// Probabilities at the teachers' temperature, classes per sample.
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
        let probabilities = to_vec(softmax(logits.div_scalar(recipe.temperature.max(1e-3)), 1));
        for (sum, p) in opinion.iter_mut().zip(probabilities) {
            *sum += p / teachers.len() as f32;
        }
    }
    Some(opinion)
}
