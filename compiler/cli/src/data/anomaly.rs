//! Samples as normal ones and anomalies: which of them train, which judge.

use ember_train::random::Random;
use ember_train::{ANOMALY, Dataset, NORMAL};

use super::build::Source;
use super::split::{self, SplitError};
use crate::config::{Job, Problem, Split};

/// Names of the two labels.
pub(super) fn labels() -> Vec<String> {
    vec!["normal".into(), "anomaly".into()]
}

/// The label of each class.
pub(super) fn of_classes(
    job: &Job,
    normal: &[String],
    classes: &[String],
    problems: &mut Vec<Problem>,
) -> Vec<usize> {
    for name in normal {
        if !classes.contains(name) {
            let problem = Problem::new(format!("`normal`: there is no class \"{name}\""));
            let problem = problem.at(job.span("data", "normal"));
            problems.push(problem.help(format!("the classes are {}", classes.join(", "))));
        }
    }
    let label = |class| match normal.contains(class) {
        true => NORMAL,
        false => ANOMALY,
    };
    classes.iter().map(label).collect()
}

/// Gives samples the labels of their classes.
pub(super) fn relabel<'a>(sources: impl Iterator<Item = &'a mut Source>, labels: &[usize]) {
    for sample in sources.flat_map(|source| &mut source.samples) {
        sample.label = labels[sample.label];
    }
}

/// The share of the anomalies that goes to the test set, where fractions divide both: as large as its share of
/// the normal samples that judge. `None`: all that is left.
pub(super) fn share(test: &Split, validation: &Split) -> Option<f64> {
    match (test, validation) {
        (Split::Fraction(test), Split::Fraction(validation)) => {
            Some(test / (test + validation * (1.0 - test)))
        }
        _ => None,
    }
}

/// As [`split::take`], but of anomalies a fraction takes this share, or all.
pub(super) fn take(
    split: &Split,
    share: Option<f64>,
    source: &Source,
    labels: &[usize],
    rest: &mut Vec<usize>,
    random: &mut Random,
) -> Result<Vec<usize>, SplitError> {
    let mut take = |split: &Split, rest: &mut Vec<usize>| {
        split::take(split, &source.samples, &source.table, rest, random)
    };
    let Split::Fraction(_) = split else {
        return take(split, rest);
    };
    let is_normal = |&index: &usize| labels[source.samples[index].label] == NORMAL;
    let (mut normal, mut anomalies): (Vec<usize>, Vec<usize>) =
        rest.iter().partition(|i| is_normal(i));
    let mut part = take(split, &mut normal)?;
    part.extend(match share {
        Some(share) => take(&Split::Fraction(share), &mut anomalies)?,
        None => std::mem::take(&mut anomalies),
    });
    part.sort_unstable();
    rest.retain(|index| part.binary_search(index).is_err());
    Ok(part)
}

/// What a part needs: a network learns and its threshold is set by normal samples.
pub(super) fn check_part(
    job: &Job,
    key: &'static str,
    part: &Dataset,
    problems: &mut Vec<Problem>,
) {
    if !part.labels.contains(&NORMAL) {
        let name = if key == "file" { "training" } else { key };
        let problem = Problem::new(format!("the {name} set has no normal sample"));
        let span = job.span("data", key).or_else(|| job.span("data", "file"));
        let problem = problem.at(span);
        problems.push(problem.help(
            "`normal` names the classes whose samples are; divide the data another way, or name another",
        ));
    }
}
