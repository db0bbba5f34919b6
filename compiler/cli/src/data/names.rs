//! What the name of a file in a folder of samples says: `{label}/*`, `{label}_{group}_*`.

/// A pattern that a file's path (relative, with `/`, without its extension) is matched against as a
/// whole. `{label}`, `{group}` and `{series}` stand for one or more characters other than `/`, `*` for
/// any number of them; fields are as short as they can be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Names {
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(String),
    Field(Field),
    Any,
}

/// What a part of a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    Label,
    Group,
    Series,
}

/// What a name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Named<'a> {
    /// The class.
    pub label: &'a str,
    /// Whom the sample comes from.
    pub group: Option<&'a str>,
    /// The recording it is a part of.
    pub series: Option<&'a str>,
}

/// The pattern of folders that are named like their class.
pub const FOLDERS: &str = "{label}/*";

impl Names {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix('*') {
                parts.push(Part::Any);
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix('{') {
                let end = behind.find('}').ok_or("a `{` has no `}`")?;
                let field = match &behind[..end] {
                    "label" => Field::Label,
                    "group" => Field::Group,
                    "series" => Field::Series,
                    other => {
                        return Err(format!(
                            "`{{{other}}}` is not known; there are {{label}}, {{group}} and {{series}}"
                        ));
                    }
                };
                if parts.contains(&Part::Field(field)) {
                    return Err(format!("`{{{}}}` is there twice", &behind[..end]));
                }
                parts.push(Part::Field(field));
                rest = &behind[end + 1..];
            } else {
                let end = rest.find(['*', '{']).unwrap_or(rest.len());
                parts.push(Part::Text(rest[..end].to_string()));
                rest = &rest[end..];
            }
        }
        let names = Self { parts };
        if !names.has(Field::Label) {
            return Err("`{label}` is missing".into());
        }
        Ok(names)
    }

    /// Whether names say whom a sample comes from.
    pub fn has_group(&self) -> bool {
        self.has(Field::Group)
    }

    /// Whether names say which recording a sample is a part of.
    pub fn has_series(&self) -> bool {
        self.has(Field::Series)
    }

    fn has(&self, field: Field) -> bool {
        self.parts.contains(&Part::Field(field))
    }

    /// What a path says; `None` if it does not match.
    pub fn read<'a>(&self, path: &'a str) -> Option<Named<'a>> {
        let mut named = Named::default();
        matches(&self.parts, path, &mut named).then_some(named)
    }
}

/// Whether the parts match the whole text; the last match is the one that is noted.
fn matches<'a>(parts: &[Part], text: &'a str, named: &mut Named<'a>) -> bool {
    let Some((part, behind)) = parts.split_first() else {
        return text.is_empty();
    };
    let least = match part {
        Part::Text(part) => {
            return text
                .strip_prefix(part.as_str())
                .is_some_and(|rest| matches(behind, rest, named));
        }
        Part::Field(_) => 1,
        Part::Any => 0,
    };
    let most = text.find('/').unwrap_or(text.len());
    let ends = (least..=most).filter(|&end| text.is_char_boundary(end));
    for end in ends {
        if matches(behind, &text[end..], named) {
            let value = &text[..end];
            match part {
                Part::Field(Field::Label) => named.label = value,
                Part::Field(Field::Group) => named.group = Some(value),
                Part::Field(Field::Series) => named.series = Some(value),
                Part::Any | Part::Text(_) => {}
            }
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(pattern: &str, path: &'a str) -> Option<[&'a str; 3]> {
        let names = Names::parse(pattern).ok()?;
        let named = names.read(path)?;
        Some([
            named.label,
            named.group.unwrap_or("-"),
            named.series.unwrap_or("-"),
        ])
    }

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(read(FOLDERS, "cat/7"), Some(["cat", "-", "-"]));
        assert_eq!(read(FOLDERS, "cat"), None);
        assert_eq!(read(FOLDERS, "a/cat/7"), None);
        let flat = "{label}_{group}_*";
        assert_eq!(read(flat, "0_theo_13"), Some(["0", "theo", "-"]));
        assert_eq!(read(flat, "0_theo"), None);
        assert_eq!(
            read("{group}/{series}-*/{label}", "ann/3-a/b"),
            Some(["b", "ann", "3"])
        );
        assert_eq!(read("{label}*", "grün"), Some(["g", "-", "-"]));
    }

    #[test]
    fn wrong_patterns_are_refused() {
        for (pattern, says) in [
            ("*", "missing"),
            ("{label", "no `}`"),
            ("{lable}/*", "not known"),
            ("{label}{label}", "twice"),
        ] {
            let error = Names::parse(pattern).expect_err(pattern);
            assert!(error.contains(says), "{pattern}: {error}");
        }
    }
}
