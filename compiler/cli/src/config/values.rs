//! From TOML text to typed values: every key of [`super::keys`] has a value of its kind afterwards, or
//! there is a [`Problem`] that says why not. Nothing here looks at the disk.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use toml::de::{DeTable, DeValue};

use super::convert::{article, convert};
use super::keys::{self, KEYS, SECTIONS};
use super::problem::{Problem, nearest};
use super::{Column, Split};

/// A value of the type that its key's [`Kind`] says.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Size(usize),
    Shape(Vec<usize>),
    Triplets(Vec<[usize; 3]>),
    Texts(Vec<String>),
    Range([usize; 2]),
    Column(Column),
    Split(Split),
}

/// The values of all keys and where they stand.
#[derive(Debug, Default)]
pub(crate) struct Values {
    values: BTreeMap<(&'static str, &'static str), Value>,
    spans: BTreeMap<(&'static str, &'static str), Range<usize>>,
}

type Name = (&'static str, &'static str);

impl Values {
    /// Where a key's value stands; `None` if the file does not give it.
    pub fn span(&self, section: &'static str, name: &'static str) -> Option<Range<usize>> {
        self.spans.get(&(section, name)).cloned()
    }

    /// All places, for problems that turn up later.
    pub fn spans(&self) -> &BTreeMap<Name, Range<usize>> {
        &self.spans
    }

    pub fn text(&self, section: &'static str, name: &'static str) -> Option<&str> {
        match self.values.get(&(section, name))? {
            Value::Text(text) => Some(text),
            other => wrong_kind(section, name, other),
        }
    }

    pub fn integer(&self, section: &'static str, name: &'static str) -> i64 {
        match self.values.get(&(section, name)) {
            Some(Value::Integer(value)) => *value,
            other => wrong_kind(section, name, &other),
        }
    }

    pub fn number(&self, section: &'static str, name: &'static str) -> f64 {
        match self.values.get(&(section, name)) {
            Some(Value::Number(value)) => *value,
            other => wrong_kind(section, name, &other),
        }
    }

    pub fn optional_number(&self, section: &'static str, name: &'static str) -> Option<f64> {
        match self.values.get(&(section, name))? {
            Value::Number(value) => Some(*value),
            other => wrong_kind(section, name, other),
        }
    }

    pub fn size(&self, section: &'static str, name: &'static str) -> Option<usize> {
        match self.values.get(&(section, name))? {
            Value::Size(bytes) => Some(*bytes),
            other => wrong_kind(section, name, other),
        }
    }

    pub fn shape(&self, section: &'static str, name: &'static str) -> Option<&[usize]> {
        match self.values.get(&(section, name))? {
            Value::Shape(shape) => Some(shape),
            other => wrong_kind(section, name, other),
        }
    }

    pub fn triplets(&self, section: &'static str, name: &'static str) -> &[[usize; 3]] {
        match self.values.get(&(section, name)) {
            None => &[],
            Some(Value::Triplets(triplets)) => triplets,
            Some(other) => wrong_kind(section, name, other),
        }
    }

    pub fn boolean(&self, section: &'static str, name: &'static str) -> bool {
        match self.values.get(&(section, name)) {
            Some(Value::Boolean(value)) => *value,
            other => wrong_kind(section, name, &other),
        }
    }

    pub fn texts(&self, section: &'static str, name: &'static str) -> &[String] {
        match self.values.get(&(section, name)) {
            None => &[],
            Some(Value::Texts(texts)) => texts,
            Some(other) => wrong_kind(section, name, other),
        }
    }

    pub fn range(
        &self,
        section: &'static str,
        name: &'static str,
    ) -> Option<RangeInclusive<usize>> {
        match self.values.get(&(section, name))? {
            Value::Range([least, most]) => Some(*least..=*most),
            other => wrong_kind(section, name, other),
        }
    }

    pub fn column(&self, section: &'static str, name: &'static str) -> Option<&Column> {
        match self.values.get(&(section, name))? {
            Value::Column(column) => Some(column),
            other => wrong_kind(section, name, other),
        }
    }

    pub fn split(&self, section: &'static str, name: &'static str) -> &Split {
        match self.values.get(&(section, name)) {
            Some(Value::Split(split)) => split,
            other => wrong_kind(section, name, &other),
        }
    }
}

fn wrong_kind(section: &str, name: &str, value: &dyn std::fmt::Debug) -> ! {
    panic!("BUG: {section}.{name} is read as another kind than its key has: {value:?}")
}

/// Reads the text; the values of keys with a problem are their defaults.
pub(crate) fn read(text: &str) -> (Values, Vec<Problem>) {
    let mut values = Values::default();
    let mut problems = Vec::new();
    fill_defaults(&mut values);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        problems.push(Problem::new(format!("not TOML: {}", error.message())).at(error.span()));
    }
    for (section, table) in document.get_ref() {
        let span = Some(section.span());
        let Some(&(known, _)) = SECTIONS
            .iter()
            .find(|(known, _)| *known == section.get_ref())
        else {
            problems.push(unknown_section(section.get_ref(), span));
            continue;
        };
        match table.get_ref() {
            DeValue::Table(table) => read_section(known, table, &mut values, &mut problems),
            other => problems.push(
                Problem::new(format!("`{known}` must be a table, not {}", article(other)))
                    .at(span)
                    .help(format!("write [{known}] on a line of its own")),
            ),
        }
    }
    (values, problems)
}

fn fill_defaults(values: &mut Values) {
    for key in KEYS {
        let Some(default) = key.default else { continue };
        let text = format!("default = {default}");
        let value = DeTable::parse(&text).ok().and_then(|table| {
            let (_, value) = table.into_inner().into_iter().next()?;
            convert(key, &value).ok()
        });
        let value = value.unwrap_or_else(|| {
            panic!(
                "BUG: the default of {}.{} is not of its kind",
                key.section, key.name
            )
        });
        values.values.insert((key.section, key.name), value);
    }
}

fn read_section(
    section: &'static str,
    table: &DeTable<'_>,
    values: &mut Values,
    problems: &mut Vec<Problem>,
) {
    for (name, value) in table {
        let Some(key) = keys::find(section, name.get_ref()) else {
            problems.push(unknown_key(section, name.get_ref(), Some(name.span())));
            continue;
        };
        let at = (key.section, key.name);
        values.spans.insert(at, value.span());
        match convert(key, value) {
            Ok(value) => {
                values.values.insert(at, value);
            }
            Err(mut problem) => {
                if problem.span.is_none() {
                    problem.span = Some(value.span());
                }
                problems.push(problem);
            }
        }
    }
}

fn unknown_section(name: &str, span: Option<Range<usize>>) -> Problem {
    let sections: Vec<&str> = SECTIONS.iter().map(|(section, _)| *section).collect();
    let problem = Problem::new(format!("unknown table `{name}`"))
        .at(span)
        .label("not known");
    if let Some(key) = KEYS.iter().find(|key| key.name == name) {
        return problem.help(format!("`{name}` belongs under [{}]", key.section));
    }
    match nearest(name, sections.iter().copied()) {
        Some(near) => problem.help(format!("did you mean [{near}]?")),
        None => problem.help(format!("the tables are {}", sections.join(", "))),
    }
}

fn unknown_key(section: &str, name: &str, span: Option<Range<usize>>) -> Problem {
    let problem = Problem::new(format!("unknown key `{name}` in [{section}]"))
        .at(span)
        .label("not known");
    let here: Vec<&str> = KEYS
        .iter()
        .filter(|key| key.section == section)
        .map(|key| key.name)
        .collect();
    if let Some(near) = nearest(name, here.iter().copied()) {
        return problem.help(format!("did you mean `{near}`?"));
    }
    if let Some(key) = KEYS.iter().find(|key| key.name == name) {
        return problem.help(format!("`{name}` belongs under [{}]", key.section));
    }
    problem.help(format!("[{section}] takes {}", here.join(", ")))
}
