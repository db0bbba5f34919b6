//! One TOML value to the type that its key's [`Kind`] says, or the reason why not.

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::DeValue;

use super::keys::{Key, Kind};
use super::problem::{Problem, nearest};
use super::values::Value;
use super::{Column, Split, size};

/// The value of a key, or the problem; its span is filled in by the caller unless it is narrower.
pub(super) fn convert(key: &Key, value: &Spanned<DeValue<'_>>) -> Result<Value, Problem> {
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
        (Kind::Files, value) => paths(value)
            .map(Value::Texts)
            .ok_or_else(|| wrong("a path, or an array of at least one")),
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
        (Kind::TextOrTexts | Kind::Texts, DeValue::Array(items)) => items
            .iter()
            .map(|item| word(item.get_ref()))
            .collect::<Option<_>>()
            .map(Value::Texts)
            .ok_or_else(|| wrong("an array of strings")),
        (Kind::TextOrTexts, value) => word(value)
            .filter(|text| !text.is_empty())
            .map(|text| Value::Texts(vec![text]))
            .ok_or_else(|| wrong("a string, or an array of strings")),
        (Kind::Texts, _) => Err(wrong("an array of strings")),
        (Kind::Choices(choices), DeValue::Array(items)) if !items.is_empty() => {
            let texts = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => match choice(key, choices, text)? {
                    Value::Text(text) => Ok(text),
                    _ => Err(wrong("an array of strings")),
                },
                _ => Err(wrong("an array of strings")),
            });
            texts.collect::<Result<_, _>>().map(Value::Texts)
        }
        (Kind::Choices(choices), _) => Err(wrong(&format!("an array of at least one of {}", choices.join(", ")))),
        (Kind::Range(low, high), value) => range(value, low, high).ok_or_else(|| {
            wrong(&format!(
                "an integer {}, or the least and the most, in this order, such as [{low}, {}]",
                range_text(low as f64, high as f64),
                high.min(low + 4),
            ))
        }),
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
            let folds = if key.name == "validation" {
                ", { folds = 3 } (2 to 20)"
            } else {
                ""
            };
            wrong(&format!(
                "a fraction such as 0.2, \"tail 500\", {{ groups = [8, 9] }}, {{ names = [\"*_0.wav\"] }}{folds} or {{ file = \"…\" }}"
            ))
        }),
    }
}

/// A path, or several.
fn paths(value: &DeValue<'_>) -> Option<Vec<String>> {
    let path = |value: &DeValue<'_>| match value {
        DeValue::String(text) if !text.is_empty() => Some(text.to_string()),
        _ => None,
    };
    match value {
        DeValue::Array(items) if !items.is_empty() => {
            items.iter().map(|item| path(item.get_ref())).collect()
        }
        one => path(one).map(|path| vec![path]),
    }
}

/// A least and a most integer, in order.
fn range(value: &DeValue<'_>, low: i64, high: i64) -> Option<Value> {
    let ends = match value {
        DeValue::Array(items) if items.len() == 2 => {
            [0, 1].map(|end| integer(items[end].get_ref()))
        }
        DeValue::Array(_) => return None,
        one => [integer(one); 2],
    };
    let [Some(least), Some(most)] = ends else {
        return None;
    };
    if least < low || most > high || least > most {
        return None;
    }
    let ends = [least, most].map(|end| usize::try_from(end).ok());
    let [Some(least), Some(most)] = ends else {
        return None;
    };
    Some(Value::Range([least, most]))
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

/// How many folds there may be.
const FOLDS: RangeInclusive<usize> = 2..=20;

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
            let known = ["groups", "names", "folds", "file", "labels"];
            if table
                .keys()
                .any(|key| !known.contains(&key.get_ref().as_ref()))
            {
                return None;
            }
            let words = |items: &DeValue<'_>| match items {
                DeValue::Array(items) if !items.is_empty() => {
                    items.iter().map(|item| word(item.get_ref())).collect()
                }
                _ => None,
            };
            match (
                field("groups"),
                field("names"),
                field("folds"),
                field("file"),
            ) {
                (Some(items), None, None, None) => words(items).map(Split::Groups),
                (None, Some(items), None, None) => words(items).map(Split::Names),
                (None, None, Some(count), None) => {
                    let count = usize::try_from(integer(count)?).ok()?;
                    FOLDS.contains(&count).then_some(Split::Folds(count))
                }
                (None, None, None, Some(DeValue::String(file))) => {
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

pub(super) fn article(value: &DeValue<'_>) -> String {
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
