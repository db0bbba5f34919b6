//! Which samples train, which judge the search, which judge the result.

use std::collections::BTreeSet;

use super::Guess;
use super::shape::Sample;
use crate::data::{Table, Words};

/// Part of the groups, or of the samples, that judges the search, and the result.
const PART: f64 = 0.2;

pub(super) fn guess(table: &Table, sample: &Sample, guess: &mut Guess) {
    let groups = table
        .groups
        .as_ref()
        .and_then(|groups| by_group(table, groups));
    let has_test = guess.has("data", "test");
    match groups {
        Some([validation, test]) if !has_test => {
            let value = |names: &[String]| {
                let mut table = toml::Table::new();
                table.insert("groups".into(), names.to_vec().into());
                table
            };
            let why = "Judges the search: people or devices that it has not seen.";
            guess.set("data", "validation", value(&validation), why);
            let why = "Judges the result, once: others that nothing has seen.";
            guess.set("data", "test", value(&test), why);
        }
        _ => {
            let whole = match (sample.window > 0 || table.series.is_some(), &table.groups) {
                (_, Some(_)) => ", as too few groups have all classes",
                (true, None) => ", whole recordings",
                (false, None) => "",
            };
            let why = format!("Judges the search: so much of each class{whole}.");
            if !guess.has("data", "validation") {
                guess.set("data", "validation", PART, why);
            }
            if !has_test {
                let why = format!("Judges the result, once: so much of each class{whole}.");
                guess.set("data", "test", PART, why);
            }
        }
    }
}

/// A fifth of the groups each for validation and test, those that come last; `None` if there are too few,
/// or a part would lack a class.
fn by_group(table: &Table, groups: &Words) -> Option<[Vec<String>; 2]> {
    let mut sorted = groups.clone();
    sorted.sort();
    let count = sorted.names.len();
    let part = ((count as f64 * PART).round() as usize).max(1);
    if count < 3 || count < 2 * part + 1 {
        return None;
    }
    let has_all = |from: usize, to: usize| {
        let rows = sorted.ids.iter().zip(&table.labels.ids);
        let labels: BTreeSet<usize> = rows
            .filter(|(group, _)| (from..to).contains(*group))
            .map(|(_, &label)| label)
            .collect();
        labels.len() == table.labels.names.len()
    };
    let [validation, test] = [count - 2 * part, count - part];
    (has_all(0, validation) && has_all(validation, test) && has_all(test, count)).then(|| {
        [
            sorted.names[validation..test].to_vec(),
            sorted.names[test..].to_vec(),
        ]
    })
}
