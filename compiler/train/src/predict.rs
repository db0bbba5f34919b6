//! Scores, accuracy and loss of a trained f32 network over a whole dataset, in batches on burn.

use burn::tensor::Device;
use ember_ir::FloatGraph;

use crate::dataset::Dataset;
use crate::net::{Batch, Exact, Leaves, Net, NetError, to_vec};
use crate::weights::Weights;

/// Samples per forward pass.
pub(crate) const BATCH: usize = 256;

/// Scores before any final softmax, classes per sample, sample after sample. `data` is normalised.
pub fn predict(network: &FloatGraph, data: &Dataset) -> Result<Vec<f32>, NetError> {
    let net = Net::new(&network.graph)?;
    let device = Device::flex();
    let leaves = Leaves::new(&network.graph, &Weights::from_float(network), &device);
    let mut scores = Vec::with_capacity(data.len() * data.classes.len());
    for samples in data.samples.chunks(BATCH * data.shape.elements()) {
        let forward = net.forward(
            &leaves,
            Batch::new(&data.shape, samples, &device),
            &mut Exact,
        );
        scores.extend(to_vec(forward.logits));
    }
    Ok(scores)
}

/// The part of the samples whose highest score is their label's. Ties go to the lower class, as on
/// the device.
pub fn accuracy<T: PartialOrd + Copy>(scores: &[T], labels: &[usize]) -> f32 {
    let classes = scores.len() / labels.len().max(1);
    let right = scores
        .chunks_exact(classes.max(1))
        .zip(labels)
        .filter(|(scores, label)| argmax(scores) == **label)
        .count();
    right as f32 / labels.len().max(1) as f32
}

/// Index of the first highest score.
pub fn argmax<T: PartialOrd + Copy>(scores: &[T]) -> usize {
    let mut best = 0;
    for (index, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = index;
        }
    }
    best
}

/// Mean cross-entropy of scores against labels.
pub fn loss(scores: &[f32], labels: &[usize]) -> f32 {
    let classes = scores.len() / labels.len().max(1);
    let total: f64 = scores
        .chunks_exact(classes.max(1))
        .zip(labels)
        .map(|(scores, &label)| {
            let max = scores.iter().copied().fold(f32::MIN, f32::max);
            let sum: f32 = scores.iter().map(|s| (s - max).exp()).sum();
            f64::from(sum.ln() + max - scores[label])
        })
        .sum();
    (total / labels.len().max(1) as f64) as f32
}
