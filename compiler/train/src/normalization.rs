//! Normalisation, learned on the training samples only: an affine map per channel. It is part of what
//! the firmware documents about its input.

use ember_ir::Shape;

use crate::dataset::Dataset;

/// Channels of a shape: its last dimension.
pub(crate) fn channels(shape: &Shape) -> usize {
    match shape.dims() {
        [] => 1,
        // A vector has one channel: its elements may mean different things, but are many.
        [_] => 1,
        dims => dims[dims.len() - 1],
    }
}

/// An affine map per channel, learned on the training samples only:
/// normalised = (x − offset) · scale. It is part of what the firmware documents about its input.
#[derive(Clone, PartialEq, Debug)]
pub struct Normalization {
    /// Subtracted first; one per channel.
    pub offset: Vec<f32>,
    /// Multiplied second; one per channel.
    pub scale: Vec<f32>,
}

impl Normalization {
    /// Leaves values as they are.
    pub fn identity(shape: &Shape) -> Self {
        let channels = channels(shape);
        Self {
            offset: vec![0.0; channels],
            scale: vec![1.0; channels],
        }
    }

    /// Maps the smallest value of the training set to 0 and the largest to 1, with one map for all
    /// channels: for images.
    pub fn range(train: &Dataset) -> Self {
        let (min, max) = train
            .samples
            .iter()
            .fold((f32::MAX, f32::MIN), |(min, max), &x| {
                (min.min(x), max.max(x))
            });
        let channels = channels(&train.shape);
        Self {
            offset: vec![min; channels],
            scale: vec![if max > min { 1.0 / (max - min) } else { 1.0 }; channels],
        }
    }

    /// Mean 0 and standard deviation 1 per channel.
    pub fn standard(train: &Dataset) -> Self {
        let moments = moments(train);
        Self {
            offset: moments.iter().map(|&(mean, _)| mean as f32).collect(),
            scale: moments
                .iter()
                .map(|&(mean, square)| inverse_sd(square - mean * mean))
                .collect(),
        }
    }

    /// Mean 0 and standard deviation 1 per value of a sample: for vectors whose elements mean different things.
    pub fn per_value(train: &Dataset) -> Self {
        let row = Dataset {
            shape: Shape::from([1, 1, train.shape.elements()]),
            ..train.clone()
        };
        Self::standard(&row)
    }

    /// Root mean square 1 per group of channels and no offset: for sensor axes, whose zero and whose
    /// ratios within a group mean something (a rotated accelerometer must stay one). `groups` lists
    /// the channels that share a scale; a channel in none has its own.
    pub fn magnitude(train: &Dataset, groups: &[Vec<usize>]) -> Self {
        let moments = moments(train);
        let mut scale: Vec<f32> = moments
            .iter()
            .map(|&(_, square)| inverse_sd(square))
            .collect();
        for group in groups {
            let members: Vec<usize> = group.iter().copied().filter(|&c| c < scale.len()).collect();
            let sum: f64 = members.iter().map(|&c| moments[c].1).sum();
            for &channel in &members {
                scale[channel] = inverse_sd(sum / members.len() as f64);
            }
        }
        Self {
            offset: vec![0.0; scale.len()],
            scale,
        }
    }

    /// Normalises samples in place. Their channels must be those it was learned on.
    pub fn apply(&self, samples: &mut [f32]) {
        for pixel in samples.chunks_exact_mut(self.offset.len()) {
            for ((x, offset), scale) in pixel.iter_mut().zip(&self.offset).zip(&self.scale) {
                *x = (*x - offset) * scale;
            }
        }
    }
}

/// (mean, mean square) per channel, summed in f64.
fn moments(data: &Dataset) -> Vec<(f64, f64)> {
    let channels = channels(&data.shape);
    let mut sums = vec![(0.0, 0.0); channels];
    for pixel in data.samples.chunks_exact(channels) {
        for (sum, &x) in sums.iter_mut().zip(pixel) {
            sum.0 += f64::from(x);
            sum.1 += f64::from(x) * f64::from(x);
        }
    }
    let count = (data.samples.len() / channels).max(1) as f64;
    sums.into_iter()
        .map(|(sum, square)| (sum / count, square / count))
        .collect()
}

/// 1/√variance, or 1 for a channel that never changes.
fn inverse_sd(variance: f64) -> f32 {
    if variance > 1e-12 {
        (1.0 / variance.sqrt()) as f32
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn series() -> Dataset {
        let samples = vec![1.0, 10.0, 3.0, 30.0, 5.0, 20.0, 7.0, 40.0];
        Dataset::new(
            Shape::from([1, 2, 2]),
            samples,
            vec![0, 1],
            vec!["a".into(), "b".into()],
        )
        .unwrap()
    }

    #[test]
    fn normalisations_do_what_they_say() {
        let data = series();
        let standard = data.normalized(&Normalization::standard(&data));
        for (mean, square) in moments(&standard) {
            assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-6);
        }
        let range = Normalization::range(&data);
        assert_eq!((range.offset[1], range.scale[1]), (1.0, 1.0 / 39.0));
        let magnitude = Normalization::magnitude(&data, &[vec![0, 1]]);
        assert_eq!(magnitude.scale[0], magnitude.scale[1]);
        assert_eq!(magnitude.offset, [0.0, 0.0]);
        assert_eq!(Normalization::identity(&data.shape).scale.len(), 2);
        let single = Normalization::per_value(&data);
        assert_eq!(single.offset, [3.0, 15.0, 5.0, 35.0]);
        assert_eq!(
            data.normalized(&single).samples[2..6],
            [-1.0, -1.0, 1.0, 1.0]
        );
    }
}
