//! Labelled samples in memory. Files are read elsewhere; what arrives here is f32 in physical units,
//! row-major, channels last.

use ember_ir::Shape;

use crate::normalization::Normalization;
use crate::task::Task;

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
    /// What is learned of it.
    pub task: Task,
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
    /// Checks that the parts fit each other; what is learned is to tell the classes apart.
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
            task: Task::Classification,
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
            task: self.task,
        }
    }

    /// The same samples for another task, whose labels they have.
    #[must_use]
    pub fn with_task(self, task: Task) -> Self {
        Self { task, ..self }
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
}
