//! Which arrays of an npz file are what, and where the labels of an npy or idx file are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::vocabulary::{Meaning, meaning, names_classes};
use super::{Guess, Question, Source, place};
use crate::Error;
use crate::config::Column;
use crate::data::{Fields, Table, array_names, array_words};

/// Parts of file names: those of samples, and those of their labels.
const PAIRS: [(&str, &str); 4] = [
    ("images-idx3", "labels-idx1"),
    ("images", "labels"),
    ("x", "y"),
    ("data", "labels"),
];
/// Beginnings of file names: those of training, and those of test samples.
const TESTS: [(&str, &str); 2] = [("train", "t10k"), ("train", "test")];

pub(super) fn guess(
    question: &Question<'_>,
    path: &Path,
    guess: &mut Guess,
) -> Result<Source, Error> {
    if path.to_string_lossy().to_lowercase().ends_with(".npz") {
        return of_npz(question, path, guess);
    }
    let found = question
        .labels
        .map(Path::to_path_buf)
        .or_else(|| labels_of(path));
    let Some(labels) = found else {
        return Err(Error::usage(format!(
            "{}: where are its labels? Name their file with --labels",
            path.display()
        )));
    };
    let why = "The samples.";
    guess.set("data", "file", place(question, path), why);
    let why = match question.labels {
        Some(_) => "As given.",
        None => "The file beside the samples that is named like their labels.",
    };
    guess.set("data", "labels", place(question, &labels), why);
    let test = renamed(path, &TESTS).and_then(|test| Some((labels_of(&test)?, test)));
    if let Some((labels, file)) = test {
        let mut value = toml::Table::new();
        value.insert("file".into(), place(question, &file).into());
        value.insert("labels".into(), place(question, &labels).into());
        guess.set(
            "data",
            "test",
            value,
            "The file beside the samples that is named like a test set.",
        );
    }
    Ok(Source {
        file: path.to_path_buf(),
        labels: Some(labels),
        ..Source::default()
    })
}

/// A file that is there and has another word in its name.
fn renamed(path: &Path, pairs: &[(&str, &str)]) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    pairs
        .iter()
        .filter(|(from, _)| name.contains(from))
        .map(|(from, to)| path.with_file_name(name.replacen(from, to, 1)))
        .find(|path| path.is_file())
}

fn labels_of(path: &Path) -> Option<PathBuf> {
    renamed(path, &PAIRS)
}

fn of_npz(question: &Question<'_>, path: &Path, guess: &mut Guess) -> Result<Source, Error> {
    let names = array_names(path).map_err(Error::usage_of)?;
    let of = |wanted: Meaning| {
        let named = |name: &&String| meaning(name) == Some(wanted);
        names.iter().find(named).cloned()
    };
    let missing = |what: &str| {
        Error::usage(format!(
            "{}: none of its arrays is called like {what}; there is {}",
            path.display(),
            names.join(", ")
        ))
    };
    let input = of(Meaning::Samples).ok_or_else(|| missing("samples (x, data, images)"))?;
    // `classes` are names beside `y` as often as labels.
    let label = ["y", "Y"].map(str::to_string).into_iter();
    let label = label
        .chain(of(Meaning::Label))
        .find(|name| names.contains(name));
    let label = label.ok_or_else(|| missing("labels (y, label, target)"))?;
    guess.set(
        "data",
        "file",
        place(question, path),
        format!("Arrays: {}.", names.join(", ")),
    );
    guess.set(
        "data",
        "input",
        input.as_str(),
        "Its name is one for samples.",
    );
    guess.set(
        "data",
        "label",
        label.as_str(),
        "Its name is one for labels.",
    );
    let (group, series) = (of(Meaning::Group), of(Meaning::Series));
    if let Some(group) = &group {
        let why = "Its name says whom a sample comes from: nobody is in two parts of the data.";
        guess.set("data", "group", group.as_str(), why);
    }
    if let Some(series) = &series {
        guess.set(
            "data",
            "series",
            series.as_str(),
            "Its name says which recording a row is of.",
        );
    }
    let class_names = names
        .iter()
        .filter(|name| **name != label && names_classes(name));
    Ok(Source {
        file: path.to_path_buf(),
        labels: None,
        class_names: class_names.cloned().collect(),
        fields: Fields {
            input,
            label: Some(Column::Name(label)),
            group: group.map(Column::Name),
            series: series.map(Column::Name),
            ..Fields::default()
        },
    })
}

/// Names of the classes, if an array has one for each label from 0.
pub(super) fn name_classes(table: &Table, source: &Source, guess: &mut Guess) {
    let mut labels = table.labels.clone();
    labels.sort();
    let numbers = (0..labels.names.len()).map(|number| number.to_string());
    if labels.names != numbers.collect::<Vec<_>>() {
        return;
    }
    for array in &source.class_names {
        let Ok(names) = array_words(&source.file, array) else {
            continue;
        };
        let different: BTreeSet<&String> = names.iter().collect();
        if names.len() == labels.names.len() && different.len() == names.len() {
            let why = format!("The array {array} has a name for each label.");
            guess.set("data", "classes", names, why);
            return;
        }
    }
}
