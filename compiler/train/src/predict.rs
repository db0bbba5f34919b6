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

/// Standard error of an accuracy: deviation of the beta distribution that so many answers leave, which is not 0 where
/// all of them are right.
pub fn accuracy_error(accuracy: f32, samples: usize) -> f32 {
    let all = samples as f64;
    let right = f64::from(accuracy) * all;
    let variance = (right + 1.0) * (all - right + 1.0) / ((all + 2.0).powi(2) * (all + 3.0));
    variance.sqrt() as f32
}

/// Mean of the F1 scores of all classes that occur among labels or answers: each counts the same, however
/// rare it is. F1 = 2·hits / (answers + labels).
pub fn macro_f1(answers: &[usize], labels: &[usize]) -> f32 {
    let classes = answers
        .iter()
        .chain(labels)
        .max()
        .map_or(0, |most| most + 1);
    let (mut hits, mut seen) = (vec![0u32; classes], vec![0u32; classes]);
    for (&answer, &label) in answers.iter().zip(labels) {
        seen[answer] += 1;
        seen[label] += 1;
        hits[label] += u32::from(answer == label);
    }
    let scores = hits.iter().zip(&seen).filter(|(_, seen)| **seen > 0);
    let scores = scores.map(|(&hits, &seen)| 2.0 * hits as f32 / seen as f32);
    let (sum, count) = scores.fold((0.0, 0), |(sum, count), score| (sum + score, count + 1));
    sum / count.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accuracy_is_as_sure_as_its_samples_are_many() {
        // Near √(p (1 − p) / n), and not 0 where nothing was wrong.
        assert!((accuracy_error(0.9, 10_000) - 0.003).abs() < 1e-5);
        assert!((accuracy_error(1.0, 258) - 0.0038).abs() < 1e-4);
    }

    #[test]
    fn rare_classes_count_as_much_as_frequent_ones() {
        // Class 0: 2·3/(4 + 3), class 1: 2·0/(0 + 1); class 2 never occurs, class 3 is right.
        let f1 = macro_f1(&[0, 0, 0, 0, 3], &[0, 0, 0, 1, 3]);
        assert!((f1 - (6.0 / 7.0 + 0.0 + 1.0) / 3.0).abs() < 1e-6);
        assert_eq!(macro_f1(&[], &[]), 0.0);
    }
}
