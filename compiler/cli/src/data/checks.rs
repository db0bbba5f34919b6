//! What the data must be: a shape, classes, and for a classifier samples of every class in every part.

use std::collections::BTreeSet;

use ember_ir::Shape;
use ember_train::{Dataset, Task};

use super::anomaly;
use super::build::Source;
use super::table::{Table, Words};
use crate::config::{Job, Normalize, Problem, TaskJob};

/// Shape of a sample as the network sees it.
pub(super) fn sample_shape(job: &Job, table: &Table, problems: &mut Vec<Problem>) -> Option<Shape> {
    let seen = table.sound.as_ref().map(|sound| vec![sound.spec.width()]);
    let row = seen.as_ref().unwrap_or(&table.row_shape);
    let has = if job.data.window > 0 {
        vec![1, job.data.window, row.iter().product()]
    } else {
        match row.as_slice() {
            [time, channels] => vec![1, *time, *channels],
            other => other.to_vec(),
        }
    };
    let size = |shape: &[usize]| {
        shape
            .iter()
            .try_fold(1usize, |size, &dim| size.checked_mul(dim))
    };
    let shape = match &job.data.shape {
        Some(wanted) if size(wanted) == size(&has) => wanted.clone(),
        Some(wanted) => {
            problems.push(
                Problem::new(format!(
                    "`shape` {wanted:?} has {} values, a sample of the file has {} ({has:?})",
                    size(wanted).map_or("too many".into(), |size| size.to_string()),
                    size(&has).map_or("too many".into(), |size| size.to_string()),
                ))
                .at(job.span("data", "shape")),
            );
            return None;
        }
        None => has,
    };
    let channels = if shape.len() == 1 {
        1
    } else {
        shape[shape.len() - 1]
    };
    let beyond = job
        .data
        .axes
        .iter()
        .flatten()
        .find(|&&axis| axis >= channels);
    if let Some(axis) = beyond {
        problems.push(
            Problem::new(format!(
                "`axes` names channel {axis}, a sample has {channels}"
            ))
            .at(job.span("data", "axes"))
            .help("channels are numbered from 0"),
        );
    }
    if shape.len() > 3 || size(&shape).is_none_or(|size| size > 1 << 20) {
        problems.push(
            Problem::new(format!(
                "samples of shape {shape:?} are too much for a microcontroller"
            ))
            .at(job.span("data", "file")),
        );
    }
    if problems.is_empty() {
        Some(Shape::new(shape))
    } else {
        None
    }
}

/// Numbers the classes of all files alike and returns their names.
pub(super) fn classes(
    job: &Job,
    sources: &mut [&mut Source],
    problems: &mut Vec<Problem>,
) -> Option<Vec<String>> {
    let mut labels = Words::default();
    let words: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| &source.table.labels.names)
        .map(String::as_str)
        .collect();
    for word in words {
        labels.push(word);
    }
    labels.sort();
    for source in sources {
        let ids: Vec<usize> = source
            .table
            .labels
            .names
            .iter()
            .filter_map(|name| labels.names.iter().position(|there| there == name))
            .collect();
        for sample in &mut source.samples {
            sample.label = ids[sample.label];
        }
    }
    let (found, named) = (labels.names.len(), job.data.classes.len());
    let least = match job.task {
        TaskJob::Classification => 2,
        TaskJob::Anomaly { .. } => 1,
    };
    if found < least {
        problems.push(
            Problem::new(format!(
                "the data has {found} class; a classifier needs two"
            ))
            .at(job
                .span("data", "label")
                .or_else(|| job.span("data", "file"))),
        );
    } else if found > 1000 {
        problems.push(
            Problem::new(format!(
                "the data has {found} classes; is that the right label?"
            ))
            .at(job
                .span("data", "label")
                .or_else(|| job.span("data", "file")))
            .help("`label` names the column of the class"),
        );
    } else if named != 0 && named != found {
        problems.push(
            Problem::new(format!(
                "`classes` has {named} names, the data has {found} labels"
            ))
            .at(job.span("data", "classes"))
            .help(format!("the labels are {}", labels.names.join(", "))),
        );
    }
    if !problems.is_empty() {
        return None;
    }
    Some(if named > 0 {
        job.data.classes.clone()
    } else {
        labels.names
    })
}

pub(super) fn check_part(
    job: &Job,
    key: &'static str,
    part: &Option<Dataset>,
    problems: &mut Vec<Problem>,
) {
    let span = job.span("data", key).or_else(|| job.span("data", "file"));
    let name = if key == "file" { "training" } else { key };
    let Some(part) = part else {
        problems.push(
            Problem::new(format!(
                "the {name} set is empty, or has values that are not finite"
            ))
            .at(span)
            .help(
                "is a recording shorter than `window`, or do test and validation take everything?",
            ),
        );
        return;
    };
    match part.task {
        Task::Classification => {}
        Task::Anomaly => return anomaly::check_part(job, key, part, problems),
    }
    for (class, name_of_class) in part.classes.iter().enumerate() {
        if !part.labels.contains(&class) {
            problems.push(
                Problem::new(format!(
                    "class `{name_of_class}` has no sample in the {name} set"
                ))
                .at(span.clone())
                .help("divide the data another way, or leave the class out"),
            );
        }
    }
}

/// What is learned of amounts alone does not go with what is none.
pub(super) fn check_normalize(job: &Job, is_sound: bool, problems: &mut Vec<Problem>) {
    let normalize = job.data.normalize;
    let of_text =
        job.data.text.is_some() && !matches!(normalize, Normalize::Auto | Normalize::None);
    let of_sound = is_sound && matches!(normalize, Normalize::Standard | Normalize::Magnitude);
    let (message, help) = if of_text {
        (
            "`normalize` does not go with a text, whose bytes are no amounts",
            "leave it out",
        )
    } else if of_sound {
        (
            "`normalize` per channel does not go with sound, whose levels have one table on the device",
            "leave it out; `loudness = \"relative\"` in [audio] makes windows equally loud",
        )
    } else {
        return;
    };
    let problem = Problem::new(message).at(job.span("data", "normalize"));
    problems.push(problem.help(help));
}
