//! From the configuration to the trainer's recipe.

use std::sync::Arc;

use ember_ir::Shape;
use ember_train::{
    Augmentation, DenoisingAugmentation, FinalRecipe, ImageAugmentation, Recipe, Reduction,
    SeriesAugmentation, SpectrumAugmentation, Teachers,
};

use super::replica::Finish;
use crate::config::{Job, TaskJob};
use crate::data::Parts;

/// How a job's networks are trained, beside the number of epochs.
pub fn recipe(job: &Job, parts: &Parts) -> Recipe {
    let train = &job.train;
    Recipe {
        epochs: train.epochs,
        batch_size: train.batch,
        learning_rate: train.learning_rate as f32,
        label_smoothing: train.label_smoothing as f32,
        mixup: train.mixup as f32,
        augmentation: if train.augment && parts.text.is_none() {
            augmentation(job, parts.shape(), parts.sound.is_some())
        } else {
            Augmentation::None
        },
        ..Recipe::default()
    }
}

/// How a job's networks are finished, with these teachers or with those of their own.
pub fn finish(job: &Job, recipe: &Recipe, teachers: Option<Arc<[Teachers]>>) -> Finish {
    let mut training = Recipe {
        epochs: job.train.final_epochs,
        ..recipe.clone()
    };
    if teachers.is_some() {
        // As the paper has it; runs of the network itself teach best near the labels.
        training.distillation = 0.5;
        training.temperature = 4.0;
        training.student_temperature = 4.0;
    }
    let mut recipe = FinalRecipe {
        workers: std::thread::available_parallelism().map_or(1, usize::from),
        ..FinalRecipe::new(training, job.train.teachers)
    };
    if !job.compress.qat {
        recipe.tuning.epochs = 0;
    }
    Finish {
        recipe,
        teachers,
        reduction: Reduction::default(),
    }
}

/// Variations that suit the task and samples of this shape; vectors that are told apart have none.
fn augmentation(job: &Job, shape: &Shape, is_sound: bool) -> Augmentation {
    let vary = &job.train.vary;
    match job.task {
        TaskJob::Classification => {}
        TaskJob::Anomaly { .. } => {
            // Sound is normalised to a range of 1.
            let noise = if is_sound { 0.02 } else { 0.1 };
            return Augmentation::Denoising(DenoisingAugmentation {
                noise: vary.noise.unwrap_or(noise),
            });
        }
    }
    if is_sound {
        let audio = &job.data.audio;
        // A factor of amplitude e^x is x·2/ln 2 octaves of power.
        let levels = 16.0 / std::f32::consts::LN_2;
        return Augmentation::Spectrum(SpectrumAugmentation {
            bands: audio.coefficients.unwrap_or(audio.bands),
            cepstra: audio.coefficients.is_some(),
            most: 255.0,
            speed: vary.speed.unwrap_or(0.1),
            warp: vary.warp.unwrap_or(0.1),
            gain: levels * vary.scale.unwrap_or(0.5),
            noise: vary.noise.unwrap_or(0.05) * 20.0,
            mask: 0.1,
        });
    }
    match shape.dims() {
        [1, _, _] => Augmentation::Series(SeriesAugmentation {
            triplets: job.data.axes.clone(),
            rotation: vary.rotation.unwrap_or(20.0),
            scale: vary.scale.unwrap_or(0.15),
            speed: vary.speed.unwrap_or(0.15),
            drift: 0.1,
            jitter: vary.noise.unwrap_or(0.05),
            gap: 0.0,
        }),
        [_, width, _] => Augmentation::Image(ImageAugmentation {
            shift: vary.shift.unwrap_or(*width as f32 / 10.0),
            rotation: vary.rotation.unwrap_or(8.0),
            scale: vary.scale.unwrap_or(0.1),
            shear: 0.1,
            elastic: vary.elastic.unwrap_or(0.3),
            noise: vary.noise.unwrap_or(0.02),
            flip: false,
        }),
        _ => Augmentation::None,
    }
}
