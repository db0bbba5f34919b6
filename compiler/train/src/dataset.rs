//! Labelled samples in memory and the normalisation learned on the training part of them. Files are
//! read elsewhere; what arrives here is f32 in physical units, row-major, channels last.

use ember_ir::Shape;

/// Labelled samples of one shape.
#[derive(Clone, PartialEq, Debug)]
pub struct Dataset {
    /// Of one sample: `[H, W, C]` for images, `[1, T, C]` for series, `[N]` for vectors.
    pub shape: Shape,
    /// All samples, one after the other.
    pub samples: Vec<f32>,
    /// The class of each sample, an index into `classes`.
    pub labels: Vec<usize>,
    /// Names of the classes.
    pub classes: Vec<String>,
}

/// Why the parts do not make a dataset.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DatasetError {
    /// The number of values is not samples × elements.
    #[error("{values} values do not make {samples} samples of shape {shape}")]
    Size {
        /// Number of values given.
        values: usize,
        /// Number of labels given.
        samples: usize,
        /// Shape of one sample.
        shape: Shape,
    },
    /// There is no sample at all.
    #[error("the dataset is empty")]
    Empty,
    /// A label has no class.
    #[error("sample {sample} has label {label}, but there are {classes} classes")]
    Label {
        /// Index of the sample.
        sample: usize,
        /// Its label.
        label: usize,
        /// Number of classes.
        classes: usize,
    },
    /// A value is infinite or not a number.
    #[error("sample {sample} contains {value}; samples must be finite")]
    NotFinite {
        /// Index of the sample.
        sample: usize,
        /// The value as text.
        value: String,
    },
}

impl Dataset {
    /// Checks that the parts fit each other.
    pub fn new(
        shape: Shape,
        samples: Vec<f32>,
        labels: Vec<usize>,
        classes: Vec<String>,
    ) -> Result<Self, DatasetError> {
        if labels.is_empty() || shape.elements() == 0 {
            return Err(DatasetError::Empty);
        }
        if samples.len() != labels.len().saturating_mul(shape.elements()) {
            return Err(DatasetError::Size {
                values: samples.len(),
                samples: labels.len(),
                shape,
            });
        }
        if let Some(sample) = labels.iter().position(|&label| label >= classes.len()) {
            return Err(DatasetError::Label {
                sample,
                label: labels[sample],
                classes: classes.len(),
            });
        }
        if let Some(at) = samples.iter().position(|value| !value.is_finite()) {
            return Err(DatasetError::NotFinite {
                sample: at / shape.elements(),
                value: samples[at].to_string(),
            });
        }
        Ok(Self {
            shape,
            samples,
            labels,
            classes,
        })
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The values of one sample.
    pub fn sample(&self, index: usize) -> &[f32] {
        let elements = self.shape.elements();
        &self.samples[index * elements..(index + 1) * elements]
    }

    /// All samples in order.
    pub fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.samples.chunks_exact(self.shape.elements())
    }

    /// The samples with these indices, in this order; the classes stay.
    pub fn subset(&self, indices: &[usize]) -> Self {
        Self {
            shape: self.shape.clone(),
            samples: indices
                .iter()
                .flat_map(|&i| self.sample(i))
                .copied()
                .collect(),
            labels: indices.iter().map(|&i| self.labels[i]).collect(),
            classes: self.classes.clone(),
        }
    }

    /// Two datasets of one shape and one set of classes, one after the other.
    pub fn concat(&self, other: &Self) -> Self {
        let mut joined = self.clone();
        joined.samples.extend_from_slice(&other.samples);
        joined.labels.extend_from_slice(&other.labels);
        joined
    }

    /// The dataset with every value normalised.
    pub fn normalized(&self, normalization: &Normalization) -> Self {
        let mut copy = self.clone();
        normalization.apply(&mut copy.samples);
        copy
    }
}

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
    fn parts_that_do_not_fit_are_refused() {
        let classes = vec!["a".to_string()];
        let new = |samples: Vec<f32>, labels| {
            Dataset::new(Shape::from([2]), samples, labels, classes.clone())
        };
        assert!(matches!(new(vec![], vec![]), Err(DatasetError::Empty)));
        assert!(matches!(
            new(vec![1.0], vec![0]),
            Err(DatasetError::Size { .. })
        ));
        assert!(matches!(
            new(vec![1.0, 2.0], vec![1]),
            Err(DatasetError::Label { label: 1, .. })
        ));
        assert!(matches!(
            new(vec![1.0, f32::NAN], vec![0]),
            Err(DatasetError::NotFinite { .. })
        ));
    }

    #[test]
    fn subsets_keep_order_and_classes() {
        let data = series();
        let swapped = data.subset(&[1, 0]);
        assert_eq!(swapped.labels, [1, 0]);
        assert_eq!(swapped.sample(0), data.sample(1));
        assert_eq!(data.subset(&[0]).concat(&data.subset(&[1])), data);
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
    }
}
