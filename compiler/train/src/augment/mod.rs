//! Random changes to training samples that leave their class alone: what they show the network is what
//! it may meet on the device. Values are in the dataset's own units (before normalisation), so that a
//! rotation of an accelerometer's axes is one.

mod denoise;
mod image;
mod mixup;
mod series;
mod spectrum;

use ember_ir::Shape;
use serde::{Deserialize, Serialize};

pub use denoise::DenoisingAugmentation;
pub use image::ImageAugmentation;
pub(crate) use mixup::mixup;
pub use series::SeriesAugmentation;
pub use spectrum::SpectrumAugmentation;

use crate::random::Random;

/// How training samples are varied.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Augmentation {
    /// Not at all.
    #[default]
    None,
    /// `[H, W, C]` as a picture.
    Image(ImageAugmentation),
    /// `[1, T, C]` as a time series. Training samples may be longer than the network's window; the
    /// part that is seen is then random.
    Series(SeriesAugmentation),
    /// Rows of levels of sound, one after the other, in whatever shape. Training samples may be longer.
    Spectrum(SpectrumAugmentation),
    /// Noise on the input alone, not on what is to be rebuilt.
    Denoising(DenoisingAugmentation),
}

impl Augmentation {
    /// Writes a variation of the sample to `target`, which has the size the network wants. Without an
    /// augmentation that is the middle of the sample.
    pub(crate) fn apply(&self, sample: Sample<'_>, target: &mut [f32], random: &mut Random) {
        match self {
            Augmentation::None => center(sample, target),
            Augmentation::Image(image) if sample.from.hwc().is_some() => {
                image.apply(sample, target, random)
            }
            Augmentation::Series(series) if sample.from.hwc().is_some() => {
                series.apply(sample, target, random)
            }
            Augmentation::Spectrum(spectrum) => spectrum.apply(sample, target, random),
            Augmentation::Denoising(_) => DenoisingAugmentation::apply(sample, target, random),
            Augmentation::Image(_) | Augmentation::Series(_) => center(sample, target),
        }
    }

    /// What the network gets of normalised samples that it is to rebuild.
    pub(crate) fn corrupt(&self, samples: &mut [f32], random: &mut Random) {
        match self {
            Augmentation::Denoising(denoising) => denoising.corrupt(samples, random),
            Augmentation::None
            | Augmentation::Image(_)
            | Augmentation::Series(_)
            | Augmentation::Spectrum(_) => {}
        }
    }
}

/// One training sample on its way into a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample<'a> {
    /// Its values.
    pub values: &'a [f32],
    /// Their shape.
    pub from: &'a Shape,
    /// Standard deviation per channel over the training set.
    pub spread: &'a [f32],
}

/// The middle of a sample, which may be longer (in time) than the target; equal shapes are copied.
pub(crate) fn center(sample: Sample<'_>, target: &mut [f32]) {
    let channels = sample.spread.len();
    let surplus = (sample.values.len().saturating_sub(target.len())) / channels;
    let start = surplus / 2 * channels;
    let length = target.len();
    target.copy_from_slice(&sample.values[start..start + length]);
}
