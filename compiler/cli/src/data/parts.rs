//! The parts of the data: training, validation and test set. Everything that can be wrong with them
//! is reported at once, in the configuration's text.

use std::path::Path;

use ember_codegen::front::Front;
use ember_ir::Shape;
use ember_search::Metric;
use ember_train::random::Random;
use ember_train::{Dataset, NORMAL, Normalization, Task};

use super::anomaly;
use super::build::{Build, Source, hash, learn, source};
use super::checks::{check_normalize, check_part, classes, sample_shape};
use super::sound::Sounds;
use super::split;
use super::text::Texts;
use crate::Error;
use crate::config::{Job, Problem, Problems, Split, TaskJob};

/// Stream of the seed that chooses samples for a part.
const SPLIT: u64 = 0x5711;

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

    /// For what the validation set judges: it trains nothing.
    pub fn for_training(&self) -> ember_train::Parts {
        self.with(&self.train)
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
            try_load(&job, &mut of_data)
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

fn try_load(job: &Job, problems: &mut Vec<Problem>) -> Option<Parts> {
    let data = &job.data;
    let mut main = source(job, "file", &data.file, data.labels.as_deref(), problems);
    let mut extra = |key: &'static str, split: &Split| match split {
        Split::File { file, labels } => Some(source(job, key, file, labels.as_deref(), problems)?),
        Split::Fraction(_) | Split::Tail(_) | Split::Groups(_) | Split::Names(_) => None,
    };
    let mut validation_source = extra("validation", &data.validation);
    let mut test_source = extra("test", &data.test);
    if !problems.is_empty() {
        return None;
    }
    let main = main.as_mut()?;
    let shape = sample_shape(job, &main.table, problems)?;
    let classes = {
        let mut sources = vec![&mut *main];
        sources.extend(validation_source.iter_mut());
        sources.extend(test_source.iter_mut());
        classes(job, &mut sources, problems)?
    };
    let labels = match &job.task {
        TaskJob::Classification => None,
        TaskJob::Anomaly { normal, .. } => {
            Some(anomaly::of_classes(job, normal, &classes, problems))
        }
    };
    if !problems.is_empty() {
        return None;
    }
    let share = anomaly::share(&data.test, &data.validation);
    let mut random = Random::new(job.search.seed, SPLIT);
    let mut rest: Vec<usize> = (0..main.samples.len()).collect();
    let mut part = |key: &'static str, split: &Split, share: Option<f64>, rest: &mut Vec<usize>| {
        let part = match &labels {
            None => split::take(split, &main.samples, &main.table, rest, &mut random),
            Some(labels) => anomaly::take(split, share, main, labels, rest, &mut random),
        };
        part.map_err(|error| {
            let span = job.span("data", key).or_else(|| job.span("data", "file"));
            problems.push(Problem::new(format!("`{key}`: {error}")).at(span));
        })
        .unwrap_or_default()
    };
    let test_indices = part("test", &data.test, share, &mut rest);
    let validation_indices = part("validation", &data.validation, None, &mut rest);
    if !problems.is_empty() {
        return None;
    }
    let divided = rest.len();
    let (classes, task) = match labels {
        None => (classes, Task::Classification),
        Some(labels) => {
            let sources = [
                Some(&mut *main),
                validation_source.as_mut(),
                test_source.as_mut(),
            ];
            anomaly::relabel(sources.into_iter().flatten(), &labels);
            rest.retain(|&index| main.samples[index].label == NORMAL);
            (anomaly::labels(), Task::Anomaly)
        }
    };
    let main = &*main;
    let build = Build {
        data,
        shape: &shape,
        classes: &classes,
        task,
    };
    let own = |indices: &[usize], long: bool| build.dataset(main, indices, long);
    let every = |source: &Source| (0..source.samples.len()).collect::<Vec<_>>();
    let validation = match &validation_source {
        Some(source) => build.dataset(source, &every(source), false),
        None => own(&validation_indices, false),
    };
    let test = match &test_source {
        Some(source) => build.dataset(source, &every(source), false),
        None => own(&test_indices, false),
    };
    let calibration = own(&rest, false);
    let train = own(&rest, true);
    for (key, part) in [
        ("file", &calibration),
        ("validation", &validation),
        ("test", &test),
    ] {
        check_part(job, key, part, problems);
    }
    if !problems.is_empty() {
        return None;
    }
    let (train, calibration, validation, test) = (train?, calibration?, validation?, test?);
    let more = match &validation_source {
        Some(source) => build.dataset(source, &every(source), true),
        None => own(&validation_indices, true),
    };
    let all = match (task, more) {
        (Task::Classification, Some(more)) => train.concat(&more),
        (Task::Classification, None) | (Task::Anomaly, _) => train.clone(),
    };
    let sound = {
        let (source, indices) = match &test_source {
            Some(source) => (source, every(source)),
            None => (main, test_indices.clone()),
        };
        let samples = indices.iter().map(|&index| source.samples[index]);
        source
            .table
            .sound
            .as_ref()
            .map(|sound| sound.of(samples, data.window))
    };
    check_normalize(job, sound.is_some(), problems);
    if !problems.is_empty() {
        return None;
    }
    let text = data
        .text
        .as_ref()
        .map(|_| Texts::learn(&calibration, &test));
    let [train, all, calibration, validation, test] = match &text {
        Some(text) => [train, all, calibration, validation, test].map(|part| text.read(&part)),
        None => [train, all, calibration, validation, test],
    };
    let normalization = match &text {
        Some(_) => Normalization::identity(&shape),
        None => learn(data, &calibration, sound.is_some()),
    };
    let hash = hash(&[&train, &validation, &test]);
    Some(Parts {
        train,
        all,
        calibration,
        validation,
        test,
        normalization,
        sound,
        unused: divided - rest.len(),
        text,
        hash,
    })
}
