//! Which samples train, which judge the search, which judge the result.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ember_train::random::Random;

use super::table::{Table, Words};
use super::window::Sample;
use crate::config::Split;

/// Why a split gives no part.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum SplitError {
    /// Not so many samples.
    #[error("asks for the last {asked} samples, but there are only {there}")]
    Tail { asked: usize, there: usize },
    /// A group that the data has not.
    #[error("there is no group `{name}`; there is {}", there.join(", "))]
    Group { name: String, there: Vec<String> },
    /// A pattern that no file matches.
    #[error("no file is named like `{0}`")]
    Name(String),
    /// More folds than groups.
    #[error("asks for {asked} folds, but only {there} groups are left to divide")]
    Folds { asked: usize, there: usize },
    /// Names where there are none.
    #[error("asks for names of files, but the data is no folder")]
    NoFiles,
}

/// Removes a part from `rest` (indices of samples, ascending) and returns it.
pub(crate) fn take(
    split: &Split,
    samples: &[Sample],
    table: &Table,
    rest: &mut Vec<usize>,
    random: &mut Random,
) -> Result<Vec<usize>, SplitError> {
    let part: BTreeSet<usize> = match split {
        Split::Fraction(fraction) => fraction_of(*fraction, samples, rest, random),
        Split::Tail(count) if *count < rest.len() => {
            rest[rest.len() - count..].iter().copied().collect()
        }
        Split::Tail(count) => {
            return Err(SplitError::Tail {
                asked: *count,
                there: rest.len(),
            });
        }
        Split::Groups(names) => of_groups(names, samples, table.groups.as_ref(), rest)?,
        Split::Names(patterns) => of_names(patterns, samples, table.files.as_ref(), rest)?,
        // Of another file, or not one part.
        Split::File { .. } | Split::Folds(_) => BTreeSet::new(),
    };
    rest.retain(|index| !part.contains(index));
    Ok(part.into_iter().collect())
}

/// A fraction of the recordings (or samples) of each class: at least one where there are two.
fn fraction_of(
    fraction: f64,
    samples: &[Sample],
    rest: &[usize],
    random: &mut Random,
) -> BTreeSet<usize> {
    let mut units: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &index in rest {
        let Sample { label, unit, .. } = samples[index];
        // A recording counts for the class it begins with.
        if !members.contains_key(&unit) {
            units.entry(label).or_default().insert(unit);
        }
        members.entry(unit).or_default().push(index);
    }
    let mut part = BTreeSet::new();
    for units in units.into_values() {
        let mut units: Vec<usize> = units.into_iter().collect();
        random.shuffle(&mut units);
        let wanted = (units.len() as f64 * fraction).round() as usize;
        let count = wanted.max(1).min(units.len().saturating_sub(1));
        part.extend(
            units[..count]
                .iter()
                .flat_map(|unit| &members[unit])
                .copied(),
        );
    }
    part
}

/// Divides `rest` (indices of samples, ascending) into `count` parts of about as many samples: by groups where the
/// data names them, so that nobody judges what it has trained, else by the recordings (or samples) of each class.
pub(crate) fn folds(
    count: usize,
    samples: &[Sample],
    table: &Table,
    rest: &[usize],
    random: &mut Random,
) -> Result<Vec<Vec<usize>>, SplitError> {
    let groups = table.groups.is_some();
    let mut units: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &index in rest {
        let Sample { group, unit, .. } = samples[index];
        let together = group.filter(|_| groups).unwrap_or(unit);
        units.entry(together).or_default().push(index);
    }
    if groups && units.len() < count {
        return Err(SplitError::Folds {
            asked: count,
            there: units.len(),
        });
    }
    let mut units: Vec<Vec<usize>> = units.into_values().collect();
    random.shuffle(&mut units);
    // Class by class, where a recording counts for the one it begins with; the largest first, and small ones even out.
    let class = |unit: &[usize]| if groups { 0 } else { samples[unit[0]].label };
    units.sort_by_key(|unit| (class(unit), Reverse(unit.len())));
    let mut folds = vec![Vec::new(); count];
    for unit in units {
        if let Some(smallest) = folds.iter_mut().min_by_key(|fold| fold.len()) {
            smallest.extend(unit);
        }
    }
    for fold in &mut folds {
        fold.sort_unstable();
    }
    Ok(folds)
}

fn of_groups(
    names: &[String],
    samples: &[Sample],
    groups: Option<&Words>,
    rest: &[usize],
) -> Result<BTreeSet<usize>, SplitError> {
    let there = groups
        .map(|groups| groups.names.clone())
        .unwrap_or_default();
    let mut ids = BTreeSet::new();
    for name in names {
        let id = there.iter().position(|there| there == name);
        ids.insert(id.ok_or_else(|| SplitError::Group {
            name: name.clone(),
            there: there.clone(),
        })?);
    }
    Ok(rest
        .iter()
        .copied()
        .filter(|&index| {
            samples[index]
                .group
                .is_some_and(|group| ids.contains(&group))
        })
        .collect())
}

fn of_names(
    patterns: &[String],
    samples: &[Sample],
    files: Option<&Words>,
    rest: &[usize],
) -> Result<BTreeSet<usize>, SplitError> {
    let files = files.ok_or(SplitError::NoFiles)?;
    let mut ids = BTreeSet::new();
    for pattern in patterns {
        let compiled =
            glob::Pattern::new(pattern).map_err(|_| SplitError::Name(pattern.clone()))?;
        let before = ids.len();
        ids.extend((0..files.names.len()).filter(|&id| compiled.matches(&files.names[id])));
        if ids.len() == before {
            return Err(SplitError::Name(pattern.clone()));
        }
    }
    Ok(rest
        .iter()
        .copied()
        .filter(|&index| ids.contains(&files.ids[samples[index].row]))
        .collect())
}
