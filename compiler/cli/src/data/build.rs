//! Samples out of files, datasets out of samples, what normalisation learns on them, and their hash.

use std::path::Path;

use ember_ir::Shape;
use ember_train::{Dataset, Normalization, Task};
use sha2::{Digest, Sha256};

use super::sound::Wish;
use super::table::{Fields, Table, read_table};
use super::window::{self, Sample, Windows};
use crate::config::{DataJob, Job, Normalize, Problem};

/// A file with its samples and their class numbers.
pub(super) struct Source {
    pub table: Table,
    pub samples: Vec<Sample>,
}

/// Reads a file and cuts it into samples; `key` is where the configuration names it.
pub(super) fn source(
    job: &Job,
    key: &'static str,
    path: &Path,
    labels: Option<&Path>,
    problems: &mut Vec<Problem>,
) -> Option<Source> {
    let data = &job.data;
    let fields = Fields {
        input: data.input.clone(),
        label: data.label.clone(),
        group: data.group.clone(),
        series: data.series.clone(),
        ignore: data.ignore.clone(),
        text: data.text.clone(),
        names: data.names.clone(),
        shape: data.shape.clone(),
        sound: Wish {
            window: data.window + if data.single { data.margin } else { 0 },
            single: data.single,
            ..data.audio
        },
    };
    match read_table(path, labels, &fields) {
        Ok(table) => {
            let windows = Windows {
                rows: data.window,
                hop: data.hop,
                margin: data.margin,
                single: data.single && table.sound.is_some(),
            };
            let samples = window::samples(&table, windows);
            Some(Source { table, samples })
        }
        Err(error) => {
            problems.push(Problem::new(error.to_string()).at(job.span("data", key)));
            None
        }
    }
}

/// Builds datasets out of samples.
pub(super) struct Build<'a> {
    pub data: &'a DataJob,
    pub shape: &'a Shape,
    pub classes: &'a [String],
    pub task: Task,
}

impl Build<'_> {
    /// The samples with these indices; `None` if there are none or if a value is not finite.
    pub fn dataset(&self, source: &Source, indices: &[usize], long: bool) -> Option<Dataset> {
        let row: usize = source.table.row_shape.iter().product();
        let margin = if long && self.data.window > 0 {
            self.data.margin
        } else {
            0
        };
        let rows = self.data.window.max(1) + margin;
        let mut shape = self.shape.dims().to_vec();
        if margin > 0 {
            // A series is [1, time, channels]; rows of sound may be a picture.
            let time = usize::from(shape[0] == 1);
            shape[time] += margin;
        }
        let chosen: Vec<(usize, usize)> = indices
            .iter()
            .filter_map(|&index| {
                let sample = &source.samples[index];
                let start = if margin > 0 {
                    sample.long_row?
                } else {
                    sample.row
                };
                Some((start, sample.label))
            })
            .collect();
        let mut samples: Vec<f32> = chosen
            .iter()
            .flat_map(|&(start, _)| &source.table.values[start * row..(start + rows) * row])
            .copied()
            .collect();
        if let Some(sound) = &source.table.sound {
            let seen = samples.chunks_exact(rows * row).flat_map(|window| {
                // Levels are whole numbers from 0 to 255.
                let levels: Vec<u8> = window.iter().map(|&level| level as u8).collect();
                sound.spec.seen(&levels)
            });
            samples = seen.map(f32::from).collect();
        }
        let labels = chosen.iter().map(|&(_, label)| label).collect();
        let data = Dataset::new(Shape::new(shape), samples, labels, self.classes.to_vec());
        Some(data.ok()?.with_task(self.task))
    }
}

/// What normalisation learns on the training set.
pub(super) fn learn(data: &DataJob, train: &Dataset, is_sound: bool) -> Normalization {
    let axes: Vec<Vec<usize>> = data.axes.iter().map(|triplet| triplet.to_vec()).collect();
    let is_vector = train.shape.dims().len() == 1;
    let standard = match train.task {
        Task::Anomaly if is_vector => Normalization::per_value,
        Task::Classification | Task::Anomaly => Normalization::standard,
    };
    let auto = match train.shape.dims() {
        // One map for all levels: the device quantises them by one table.
        _ if is_sound => Normalize::Range,
        _ if train.task == Task::Anomaly => Normalize::Standard,
        [1, _, _] => Normalize::Magnitude,
        [_, _, _] => Normalize::Range,
        _ => Normalize::Standard,
    };
    let kind = if data.normalize == Normalize::Auto {
        auto
    } else {
        data.normalize
    };
    match kind {
        Normalize::Range => Normalization::range(train),
        Normalize::Magnitude => Normalization::magnitude(train, &axes),
        Normalize::None => Normalization::identity(&train.shape),
        Normalize::Standard | Normalize::Auto => standard(train),
    }
}

/// Hash of all values and labels.
pub(super) fn hash<'a>(parts: impl IntoIterator<Item = &'a Dataset>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(format!("{:?} {:?}", part.shape.dims(), part.classes));
        for value in &part.samples {
            hash.update(value.to_le_bytes());
        }
        for &label in &part.labels {
            hash.update((label as u64).to_le_bytes());
        }
    }
    crate::hash::hex(&hash.finalize())
}
