//! Which columns of a table are the label, the group and the recording, and which are left out.

use std::collections::BTreeSet;

use super::vocabulary::{Meaning, meaning};
use super::{Guess, Question, Source, place};
use crate::Error;
use crate::config::Column;
use crate::data::Fields;

/// Most values of a column that a label may have.
const CLASSES: usize = 100;
/// Most bytes of a text that count.
const LONGEST: usize = 256;

/// A column at a glance.
struct Seen {
    name: Option<String>,
    /// All values are numbers.
    is_number: bool,
    /// All values are whole numbers.
    is_whole: bool,
    /// Each value is the one before it plus one.
    counts: bool,
    /// Different values, as long as they are not too many.
    values: BTreeSet<String>,
    /// Most values are several words.
    is_text: bool,
    /// Bytes that nearly all values have room in.
    length: usize,
}

pub(super) fn guess(question: &Question<'_>, guess: &mut Guess) -> Result<Source, Error> {
    let path = question.data;
    let bytes = crate::data::read_bytes(path).map_err(Error::usage_of)?;
    let (columns, rows) =
        look(&bytes).map_err(|error| Error::usage(format!("{}: {error}", path.display())))?;
    let may_be_label = |column: &Seen| {
        let count = column.values.len();
        (2..=CLASSES.min((rows / 2).max(2))).contains(&count)
            && (column.is_whole || !column.is_number)
    };
    let of = |wanted: Meaning| {
        let means = |column: &Seen| column.name.as_deref().and_then(meaning) == Some(wanted);
        columns.iter().position(means)
    };
    let named = of(Meaning::Label).filter(|&at| may_be_label(&columns[at]));
    let last = columns.len().saturating_sub(1);
    let label = named
        .map(|at| (at, "Its name says so"))
        .or_else(|| may_be_label(columns.get(last)?).then_some((last, "The last column")))
        .or_else(|| may_be_label(columns.first()?).then_some((0, "The first column")));
    let Some((label, why)) = label else {
        return Err(Error::usage(format!(
            "{}: no column looks like a class: neither one that is called so, nor the last or the first \
             has 2 to {CLASSES} values that are words or whole numbers; name it in a configuration: \
             `emberc new {0}` writes one",
            path.display()
        )));
    };
    guess.set(
        "data",
        "file",
        place(question, path),
        format!("{rows} rows."),
    );
    let column = |at: usize| match &columns[at].name {
        Some(name) => Column::Name(name.clone()),
        None => Column::Number(at),
    };
    let value = |at: usize| match &columns[at].name {
        Some(name) => toml::Value::from(name.as_str()),
        None => toml::Value::Integer(at as i64),
    };
    let count = columns[label].values.len();
    guess.set(
        "data",
        "label",
        value(label),
        format!("{why}; {count} values."),
    );
    let group = of(Meaning::Group).filter(|&at| at != label);
    if let Some(at) = group {
        let why = "Its name says whom a sample comes from: nobody is in two parts of the data.";
        guess.set("data", "group", value(at), why);
    }
    let series = of(Meaning::Series).filter(|&at| at != label);
    if let Some(at) = series {
        guess.set(
            "data",
            "series",
            value(at),
            "Its name says which recording a row is of.",
        );
    }
    let is_text = |&at: &usize| {
        let column = &columns[at];
        column.is_text && column.values.len() > CLASSES.min(rows / 2)
    };
    let texts = (0..columns.len()).filter(|&at| at != label);
    if let Some(at) = texts.filter(is_text).max_by_key(|&at| columns[at].length) {
        guess.set(
            "data",
            "text",
            value(at),
            "Words, and hardly the same ones twice.",
        );
        let length = columns[at].length;
        let why = format!("Bytes of a text that count: nearly all have at most {length}.");
        let length = length.next_multiple_of(8).clamp(8, LONGEST);
        guess.set("data", "window", length as i64, why);
        return Ok(Source {
            file: path.to_path_buf(),
            fields: Fields {
                label: Some(column(label)),
                group: group.map(column),
                series: series.map(column),
                text: Some((column(at), length)),
                ..Fields::default()
            },
            ..Source::default()
        });
    }
    let taken = [Some(label), group, series];
    let ignored: Vec<usize> = (0..columns.len())
        .filter(|at| !taken.contains(&Some(*at)))
        .filter(|&at| {
            let column = &columns[at];
            let is_index = column.name.as_deref().and_then(meaning) == Some(Meaning::Index);
            !column.is_number || column.counts || is_index
        })
        .collect();
    let mut fields = Fields {
        label: Some(column(label)),
        group: group.map(column),
        series: series.map(column),
        ..Fields::default()
    };
    if !ignored.is_empty() {
        let name = |&at: &usize| columns[at].name.clone().unwrap_or_else(|| at.to_string());
        fields.ignore = ignored.iter().map(name).collect();
        let why = "No numbers, or they number the rows or tell the time: no property of a sample.";
        guess.set("data", "ignore", fields.ignore.clone(), why);
    }
    Ok(Source {
        file: path.to_path_buf(),
        fields,
        ..Source::default()
    })
}

/// The columns and the number of rows.
fn look(bytes: &[u8]) -> Result<(Vec<Seen>, usize), csv::Error> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>()?;
    let number = |text: &str| text.parse().ok().filter(|value: &f64| value.is_finite());
    let at = |row: usize, column: usize| records.get(row).and_then(|record| record.get(column));
    let width = records.first().map_or(0, csv::StringRecord::len);
    // A header has a word where the next line has a number, or words only.
    let is_word = |row, column| at(row, column).is_some_and(|text| number(text).is_none());
    let has_header = (0..width).any(|column| is_word(0, column) && !is_word(1, column))
        || width > 1 && (0..width).all(|column| is_word(0, column));
    let rows = &records[usize::from(has_header).min(records.len())..];
    let column = |column: usize| {
        let texts = || rows.iter().filter_map(move |row| row.get(column));
        let numbers: Vec<Option<f64>> = texts().map(number).collect();
        let is_number = numbers.iter().all(Option::is_some);
        let pairs = numbers.windows(2);
        let several = texts().filter(|text| text.contains(' ')).count();
        let mut lengths: Vec<usize> = texts().map(str::len).collect();
        lengths.sort_unstable();
        let mut values = BTreeSet::new();
        for text in texts() {
            if values.len() > CLASSES {
                break;
            }
            values.insert(text.to_string());
        }
        Seen {
            name: has_header.then(|| at(0, column).unwrap_or_default().to_string()),
            is_number,
            is_whole: numbers.iter().all(|x| x.is_some_and(|x| x.fract() == 0.0)),
            counts: rows.len() > 2
                && pairs.into_iter().all(|pair| match pair {
                    [Some(a), Some(b)] => *b == *a + 1.0,
                    _ => false,
                }),
            is_text: !is_number && 2 * several > rows.len(),
            length: lengths.get(lengths.len() * 19 / 20).copied().unwrap_or(0),
            values,
        }
    };
    Ok(((0..width).map(column).collect(), rows.len()))
}
