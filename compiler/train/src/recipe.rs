//! How a network is trained: every number a training run depends on, beside the seed.

use serde::{Deserialize, Serialize};

use crate::augment::Augmentation;

/// The recipe of one training run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// Passes over the training set.
    pub epochs: usize,
    /// Samples per step.
    pub batch_size: usize,
    /// Peak of the cosine schedule.
    pub learning_rate: f32,
    /// Part of the training in which the learning rate rises.
    pub warmup: f32,
    /// Decoupled weight decay of kernels.
    pub weight_decay: f32,
    /// Largest norm of a step's gradient.
    pub clip_norm: f32,
    /// Probability given away to all classes alike.
    pub label_smoothing: f32,
    /// Alpha of mixup's Beta distribution; 0 is off.
    pub mixup: f32,
    /// Decay of the weights' exponential average per step; 0 exports the last weights.
    pub average_decay: f32,
    /// Share of the teachers' opinion in the targets when there are teachers.
    pub distillation: f32,
    /// Temperature of the teachers' opinion.
    pub temperature: f32,
    /// Temperature of the student's own opinion where it is compared with theirs; at least 1.
    pub student_temperature: f32,
    /// Random variations of the samples.
    pub augmentation: Augmentation,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            epochs: 60,
            batch_size: 64,
            learning_rate: 6e-3,
            warmup: 0.1,
            weight_decay: 0.02,
            clip_norm: 5.0,
            label_smoothing: 0.05,
            mixup: 0.0,
            average_decay: 0.99,
            distillation: 0.7,
            temperature: 2.0,
            student_temperature: 1.0,
            augmentation: Augmentation::None,
        }
    }
}
