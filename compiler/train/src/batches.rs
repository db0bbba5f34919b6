//! Batches: a seeded order for each epoch, each sample varied by the augmentation, normalised, and
//! given a soft target.

use crate::augment::{Sample, mixup};
use crate::dataset::Dataset;
use crate::normalization::{Normalization, channels};
use crate::random::Random;
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

    /// Normalised samples and soft targets of a batch of this epoch.
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
        let (elements, classes) = (to.elements(), data.classes.len());
        let mut samples = vec![0.0; self.size * elements];
        let mut targets = vec![recipe.label_smoothing / classes as f32; self.size * classes];
        for (slot, &index) in self.order[batch * self.size..][..self.size]
            .iter()
            .enumerate()
        {
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
            targets[slot * classes + data.labels[index]] += 1.0 - recipe.label_smoothing;
        }
        normalization.apply(&mut samples);
        if recipe.mixup > 0.0 {
            mixup(
                &mut samples,
                &mut targets,
                self.size,
                recipe.mixup,
                &mut self.vary_random,
            );
        }
        (samples, targets)
    }
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
