//! The parts of the data: training, validation and test set. Everything that can be wrong with them
//! is reported at once, in the configuration's text.

use std::iter;
use std::path::Path;

use ember_codegen::front::Front;
use ember_ir::Shape;
use ember_search::Metric;
use ember_train::{Dataset, Normalization, Task};

use super::load::load;
use super::sound::Sounds;
use super::text::Texts;
use crate::Error;
use crate::config::{Job, Problems};

/// All samples in their own units, and what normalisation has learned.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Trains candidates. Windows may be longer than the network's.
    pub train: Dataset,
    /// Trains the result: training and validation set; of a network that finds anomalies the training set alone,
    /// because the validation set has its threshold to set.
    pub all: Dataset,
    /// Ranges are calibrated on these: the training set in the network's own shape.
    pub calibration: Dataset,
    /// Judges candidates.
    pub validation: Dataset,
    /// Validation by folds: the same samples divided in other ways, so that each judges once. `train`, `calibration`
    /// and `validation` are the first fold's.
    pub other_folds: Vec<ember_train::Parts>,
    /// Judges the result.
    pub test: Dataset,
    /// Learned on the training set.
    pub normalization: Normalization,
    /// The test set's recordings, if the samples are levels of sound.
    pub sound: Option<Sounds>,
    /// Anomalies that no split takes.
    pub unused: usize,
    /// The vocabulary and the test set's texts, if the samples are numbers of bytes.
    pub text: Option<Texts>,
    /// Hash of all values and labels of all parts.
    pub hash: String,
}

impl Parts {
    /// Shape of a sample as the network sees it.
    pub fn shape(&self) -> &Shape {
        &self.test.shape
    }

    /// The front end of a network that takes the samples, without its quantisation: for its price.
    pub fn front(&self) -> Option<Front> {
        let sound = self.sound.as_ref()?;
        Some(sound.front(self.shape().elements()))
    }

    /// What is learned.
    pub fn task(&self) -> Task {
        self.test.task
    }

    /// What networks are judged by.
    pub fn metric(&self) -> Metric {
        self.validation.metric()
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.test.classes
    }

    /// For what the validation set judges, which trains nothing; of the first fold.
    pub fn for_training(&self) -> ember_train::Parts {
        self.with(&self.train)
    }

    /// The same of every fold: one, where validation is not by folds.
    pub fn folds(&self) -> Vec<ember_train::Parts> {
        let others = self.other_folds.iter().cloned();
        iter::once(self.for_training()).chain(others).collect()
    }

    /// How many samples each set has, for people.
    pub fn counts(&self) -> String {
        let folds = match self.other_folds.len() {
            0 => String::new(),
            others => format!(" in the first of {} folds", others + 1),
        };
        format!(
            "{} train, {} validate{folds}, {} test",
            self.calibration.len(),
            self.validation.len(),
            self.test.len()
        )
    }

    /// For the network that is deployed: the validation set has done its work, its samples train as well.
    pub fn for_deployment(&self) -> ember_train::Parts {
        self.with(&self.all)
    }

    fn with(&self, train: &Dataset) -> ember_train::Parts {
        ember_train::Parts::new(
            train.clone(),
            &self.calibration,
            &self.validation,
            self.normalization.clone(),
        )
    }
}

/// Reads a configuration and its data.
///
/// # Errors
/// All that is wrong with either, at once.
pub fn read(path: &Path) -> Result<(Job, Parts), Error> {
    of_file(path, parse)
}

/// Reads a configuration alone.
///
/// # Errors
/// All that is wrong with it, at once.
pub fn read_job(path: &Path) -> Result<Job, Error> {
    of_file(path, Job::parse)
}

/// What a configuration's text, its name and its folder are parsed to.
fn of_file<T>(
    path: &Path,
    parse: impl FnOnce(&str, &str, &Path) -> Result<T, Problems>,
) -> Result<T, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::usage(format!(
            "cannot read {}: {error}; `emberc new DATA --board NAME` writes a configuration",
            path.display()
        ))
    })?;
    let dir = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(parse(&text, &name, dir)?)
}

/// As [`read`], from text; `dir` is where relative paths start.
pub fn parse(text: &str, file_name: &str, dir: &Path) -> Result<(Job, Parts), Problems> {
    let (job, mut problems) = Job::parse_partly(text, file_name, dir);
    if let Some(job) = job {
        let mut of_data = Vec::new();
        let parts = if job.data.file.exists() {
            load(&job, &mut of_data)
        } else {
            None
        };
        problems.extend(of_data);
        if let Some(parts) = parts
            && problems.is_empty()
        {
            return Ok((job, parts));
        }
    }
    Err(Problems::new(file_name, text, problems))
}
