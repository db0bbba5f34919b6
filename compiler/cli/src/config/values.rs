//! From TOML text to typed values: every key of [`super::keys`] has a value of its kind afterwards, or
//! there is a [`Problem`] that says why not. Nothing here looks at the disk.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, KEYS, Key, Kind, SECTIONS};
use super::problem::{Problem, nearest};
use super::{Column, Split, size};

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

/// The value of a key, or the problem; its span is filled in by the caller unless it is narrower.
fn convert(key: &Key, value: &Spanned<DeValue<'_>>) -> Result<Value, Problem> {
    let wrong = |expected: &str| {
        Problem::new(format!(
            "`{}` must be {expected}, not {}",
            key.name,
            article(value.get_ref())
        ))
        .label(format!("expected {expected}"))
    };
    match (key.kind, value.get_ref()) {
        (Kind::Text | Kind::File | Kind::Path, DeValue::String(text)) if !text.is_empty() => {
            Ok(Value::Text(text.to_string()))
        }
        (Kind::Text, _) => Err(wrong("a string that is not empty")),
        (Kind::File | Kind::Path, _) => Err(wrong("a path")),
        (Kind::Choice(choices), DeValue::String(text)) => choice(key, choices, text),
        (Kind::Choice(choices), _) => Err(wrong(&format!("one of {}", choices.join(", ")))),
        (Kind::Integer(low, high), value) => integer(value)
            .filter(|value| (low..=high).contains(value))
            .map(Value::Integer)
            .ok_or_else(|| {
                wrong(&format!(
                    "an integer {}",
                    range_text(low as f64, high as f64)
                ))
            }),
        (Kind::Number(low, high), value) => number(value)
            .filter(|value| (low..=high).contains(value))
            .map(Value::Number)
            .ok_or_else(|| wrong(&format!("a number {}", range_text(low, high)))),
        (Kind::Boolean, DeValue::Boolean(value)) => Ok(Value::Boolean(*value)),
        (Kind::Boolean, _) => Err(wrong("true or false")),
        (Kind::Size, DeValue::String(text)) => size::parse(text)
            .map(Value::Size)
            .ok_or_else(|| wrong("a size such as \"128K\"")),
        (Kind::Size, value) => integer(value)
            .and_then(|bytes| u32::try_from(bytes).ok())
            .map(|bytes| Value::Size(bytes as usize))
            .ok_or_else(|| wrong("a size such as \"128K\"")),
        (Kind::Shape, DeValue::Array(items)) => items
            .iter()
            .map(|item| integer(item.get_ref()).and_then(|n| usize::try_from(n).ok()))
            .map(|dim| dim.filter(|dim| (1..1 << 24).contains(dim)))
            .collect::<Option<Vec<_>>>()
            .filter(|shape| (1..=3).contains(&shape.len()))
            .map(Value::Shape)
            .ok_or_else(|| wrong("one to three positive integers such as [8, 8, 1]")),
        (Kind::Shape, _) => Err(wrong("an array of integers such as [8, 8, 1]")),
        (Kind::Triplets, DeValue::Array(items)) => items
            .iter()
            .map(|item| triplet(item.get_ref()))
            .collect::<Option<_>>()
            .map(Value::Triplets)
            .ok_or_else(|| wrong("triples of channels such as [[0, 1, 2]]")),
        (Kind::Triplets, _) => Err(wrong("triples of channels such as [[0, 1, 2]]")),
        (Kind::Texts, DeValue::Array(items)) => items
            .iter()
            .map(|item| word(item.get_ref()))
            .collect::<Option<_>>()
            .map(Value::Texts)
            .ok_or_else(|| wrong("an array of strings")),
        (Kind::Texts, _) => Err(wrong("an array of strings")),
        (Kind::Column, DeValue::String(text)) if !text.is_empty() => {
            Ok(Value::Column(match text.as_ref() {
                "last" => Column::Last,
                name => Column::Name(name.to_string()),
            }))
        }
        (Kind::Column, value) => integer(value)
            .and_then(|number| usize::try_from(number).ok())
            .map(|number| Value::Column(Column::Number(number)))
            .ok_or_else(|| wrong("a column: a name, a number from 0, or \"last\"")),
        (Kind::Split, value) => split(value).map(Value::Split).ok_or_else(|| {
            wrong("a fraction such as 0.2, \"tail 500\", { groups = [8, 9] } or { file = \"…\" }")
        }),
    }
}

fn choice(key: &Key, choices: &[&str], text: &str) -> Result<Value, Problem> {
    if choices.contains(&text) {
        return Ok(Value::Text(text.to_string()));
    }
    let problem = Problem::new(format!("`{}` cannot be \"{text}\"", key.name));
    Err(match nearest(text, choices.iter().copied()) {
        Some(near) => problem.help(format!("did you mean \"{near}\"?")),
        None => problem.help(format!("it is one of {}", choices.join(", "))),
    })
}

fn split(value: &DeValue<'_>) -> Option<Split> {
    match value {
        DeValue::String(text) => {
            let count = text.strip_prefix("tail ")?.trim().parse().ok()?;
            (count > 0).then_some(Split::Tail(count))
        }
        DeValue::Float(_) | DeValue::Integer(_) => {
            let fraction = number(value)?;
            (fraction > 0.0 && fraction < 1.0).then_some(Split::Fraction(fraction))
        }
        DeValue::Table(table) => {
            let field = |name: &str| table.get(name).map(Spanned::get_ref);
            let known = ["groups", "file", "labels"];
            if table
                .keys()
                .any(|key| !known.contains(&key.get_ref().as_ref()))
            {
                return None;
            }
            match (field("groups"), field("file")) {
                (Some(DeValue::Array(items)), None) if !items.is_empty() => items
                    .iter()
                    .map(|item| word(item.get_ref()))
                    .collect::<Option<_>>()
                    .map(Split::Groups),
                (None, Some(DeValue::String(file))) => {
                    let labels = match field("labels") {
                        None => None,
                        Some(DeValue::String(labels)) => Some(labels.to_string().into()),
                        Some(_) => return None,
                    };
                    Some(Split::File {
                        file: file.to_string().into(),
                        labels,
                    })
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    match value {
        DeValue::Integer(value) => i64::from_str_radix(value.as_str(), value.radix()).ok(),
        _ => None,
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(value) => value.as_str().parse().ok().filter(|x: &f64| x.is_finite()),
        _ => integer(value).map(|value| value as f64),
    }
}

fn triplet(value: &DeValue<'_>) -> Option<[usize; 3]> {
    let DeValue::Array(items) = value else {
        return None;
    };
    let channels: Option<Vec<usize>> = items
        .iter()
        .map(|item| integer(item.get_ref()).and_then(|n| usize::try_from(n).ok()))
        .collect();
    channels?.try_into().ok()
}

/// A string, or an integer as one.
fn word(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        _ => integer(value).map(|value| value.to_string()),
    }
}

fn range_text(low: f64, high: f64) -> String {
    match (low, high) {
        (0.0, 1.0) => "from 0 to 1".into(),
        (low, high) if high >= 1e15 => format!("of at least {low}"),
        (low, high) => format!("from {low} to {high}"),
    }
}

fn article(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the string \"{text}\""),
        DeValue::Integer(value) => value.to_string(),
        DeValue::Float(value) => value.to_string(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(_) => "an array".into(),
        DeValue::Table(_) => "a table".into(),
    }
}
