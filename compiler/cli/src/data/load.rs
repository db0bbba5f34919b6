//! From files to the parts of the data: reads, divides, builds and checks.

use ember_train::random::Random;
use ember_train::{Dataset, NORMAL, Normalization, Task};

use super::anomaly;
use super::build::{Build, Source, hash, learn, source};
use super::checks::{check_normalize, check_part, classes, sample_shape};
use super::parts::Parts;
use super::split::{self, SplitError};
use super::text::Texts;
use crate::config::{Job, Problem, Split, TaskJob};

/// Stream of the seed that chooses samples for a part.
const SPLIT: u64 = 0x5711;

/// Reads the files of a job and divides their samples; `None` if there are problems.
pub(super) fn load(job: &Job, problems: &mut Vec<Problem>) -> Option<Parts> {
    let data = &job.data;
    let mut main = source(job, "file", &data.file, data.labels.as_deref(), problems);
    let mut extra = |key: &'static str, split: &Split| match split {
        Split::File { file, labels } => Some(source(job, key, file, labels.as_deref(), problems)?),
        Split::Fraction(_)
        | Split::Tail(_)
        | Split::Groups(_)
        | Split::Names(_)
        | Split::Folds(_) => None,
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
        part.map_err(|error| problems.push(no_part(job, key, &error)))
            .unwrap_or_default()
    };
    let test_indices = part("test", &data.test, share, &mut rest);
    let judging = rest.clone();
    let folds = match &data.validation {
        Split::Folds(count) => split::folds(*count, &main.samples, &main.table, &rest, &mut random)
            .map_err(|error| problems.push(no_part(job, "validation", &error)))
            .unwrap_or_default(),
        split => vec![part("validation", split, None, &mut rest)],
    };
    let without = |fold: &[usize]| -> Vec<usize> {
        let left = judging.iter().copied();
        left.filter(|index| fold.binary_search(index).is_err())
            .collect()
    };
    let [validation_indices, other_folds @ ..] = folds.as_slice() else {
        return None;
    };
    rest = without(validation_indices);
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
        None => own(validation_indices, false),
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
    let mut others = Vec::new();
    for fold in other_folds {
        let rest = without(fold);
        let (calibration, validation) = (own(&rest, false), own(fold, false));
        check_part(job, "file", &calibration, problems);
        check_part(job, "validation", &validation, problems);
        if !problems.is_empty() {
            return None;
        }
        others.push([own(&rest, true)?, calibration?, validation?]);
    }
    let more = match &validation_source {
        Some(source) => build.dataset(source, &every(source), true),
        None => own(validation_indices, true),
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
    let read = |part: Dataset| match &text {
        Some(text) => text.read(&part),
        None => part,
    };
    let [train, all, calibration, validation, test] =
        [train, all, calibration, validation, test].map(read);
    let learn = |calibration: &Dataset| match &text {
        Some(_) => Normalization::identity(&shape),
        None => learn(data, calibration, sound.is_some()),
    };
    let other_folds: Vec<ember_train::Parts> = others
        .into_iter()
        .map(|fold| {
            let [train, calibration, validation] = fold.map(read);
            let normalization = learn(&calibration);
            ember_train::Parts::new(train, &calibration, &validation, normalization)
        })
        .collect();
    let normalization = learn(&calibration);
    let others = other_folds
        .iter()
        .flat_map(|fold| [&fold.train, &fold.validation]);
    let hash = hash([&train, &validation, &test].into_iter().chain(others));
    Some(Parts {
        train,
        all,
        calibration,
        validation,
        other_folds,
        test,
        normalization,
        sound,
        unused: divided - rest.len(),
        text,
        hash,
    })
}

/// Why a split gives no part, where the configuration asks for it.
fn no_part(job: &Job, key: &'static str, error: &SplitError) -> Problem {
    let span = job.span("data", key).or_else(|| job.span("data", "file"));
    Problem::new(format!("`{key}`: {error}")).at(span)
}
