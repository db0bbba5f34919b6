//! Batches: a seeded order for each epoch, each sample varied by the augmentation, normalised, and
//! given a soft target; or the sample itself, where it is to be rebuilt.

use crate::augment::{Sample, mixup};
use crate::dataset::Dataset;
use crate::normalization::{Normalization, channels};
use crate::random::Random;
use crate::task::Task;
use crate::trainer::{Session, input_shape};

/// Streams of the run's seed, one per use.
const ORDER: u64 = 1;
const VARY: u64 = 2;
const HALVES: u64 = 5;

/// Makes the batches of a run.
pub(crate) struct Batches<'a> {
    session: Session<'a>,
    order: Vec<usize>,
    spread: Vec<f32>,
    order_random: Random,
    vary_random: Random,
    size: usize,
    /// The remainder is left to the next epoch: a tiny batch would upset the batch norms.
    pub per_epoch: usize,
}

impl<'a> Batches<'a> {
    /// Nothing is drawn yet.
    pub fn new(session: Session<'a>) -> Self {
        Self::among(session, (0..session.data.len()).collect())
    }

    /// The same from some of the samples; at least one.
    pub fn among(session: Session<'a>, order: Vec<usize>) -> Self {
        let samples = order.len();
        let size = session.recipe.batch_size.clamp(1, samples);
        Self {
            session,
            order,
            spread: Normalization::standard(session.data)
                .scale
                .iter()
                .map(|s| 1.0 / s)
                .collect(),
            order_random: Random::new(session.seed, ORDER),
            vary_random: Random::new(session.seed, VARY),
            size,
            per_epoch: samples / size,
        }
    }

    /// The order of the next epoch.
    pub fn shuffle(&mut self) {
        self.order_random.shuffle(&mut self.order);
    }

    /// Normalised samples and targets of a batch of this epoch: soft ones, or what is to be rebuilt.
    pub fn next(&mut self, batch: usize) -> (Vec<f32>, Vec<f32>) {
        let Session {
            graph,
            data,
            recipe,
            normalization,
            ..
        } = self.session;
        let to = input_shape(graph);
        debug_assert_eq!(channels(to), self.spread.len());
        let elements = to.elements();
        let mut samples = vec![0.0; self.size * elements];
        let indices = &self.order[batch * self.size..][..self.size];
        for (slot, &index) in indices.iter().enumerate() {
            let sample = Sample {
                values: data.sample(index),
                from: &data.shape,
                spread: &self.spread,
            };
            recipe.augmentation.apply(
                sample,
                &mut samples[slot * elements..][..elements],
                &mut self.vary_random,
            );
        }
        normalization.apply(&mut samples);
        let targets = match data.task {
            Task::Classification => {
                let mut targets = soft(data, indices, recipe.label_smoothing);
                if recipe.mixup > 0.0 {
                    let random = &mut self.vary_random;
                    mixup(&mut samples, &mut targets, self.size, recipe.mixup, random);
                }
                targets
            }
            Task::Anomaly => {
                let targets = samples.clone();
                recipe
                    .augmentation
                    .corrupt(&mut samples, &mut self.vary_random);
                targets
            }
        };
        (samples, targets)
    }
}

/// Probabilities of the classes of samples, of which some is given away to all classes alike.
fn soft(data: &Dataset, indices: &[usize], smoothing: f32) -> Vec<f32> {
    let classes = data.classes.len();
    let mut targets = vec![smoothing / classes as f32; indices.len() * classes];
    for (target, &index) in targets.chunks_exact_mut(classes).zip(indices) {
        target[data.labels[index]] += 1.0 - smoothing;
    }
    targets
}

/// Two halves of the samples, each class halved.
pub(crate) fn halves(data: &Dataset, seed: u64) -> [Vec<usize>; 2] {
    let mut order: Vec<usize> = (0..data.len()).collect();
    Random::new(seed, HALVES).shuffle(&mut order);
    let mut halves = [Vec::new(), Vec::new()];
    let mut seen = vec![0usize; data.classes.len()];
    for sample in order {
        let class = data.labels[sample];
        halves[seen[class] % 2].push(sample);
        seen[class] += 1;
    }
    halves
}
