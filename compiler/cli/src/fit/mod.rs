//! What a user has not said: a configuration guessed from the data alone, each value with its reason.
//!
//! Reading order: [`guess`], `source` (which file, which column: one file per kind of data), `shape`
//! (what a sample is), `parts` (who trains, who judges), `budget`, [`Guess::toml`].

mod arrays;
mod budget;
mod folder;
mod parts;
mod shape;
mod sound;
mod table;
mod vocabulary;

use std::path::{Path, PathBuf};

use ember_codegen::target::Board;

use crate::Error;
use crate::config::keys::SECTIONS;
use crate::data::{Fields, Table, read_table};

/// What the data is asked for, beside itself.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// A file or a folder.
    pub data: &'a Path,
    /// The labels, if they are in a file of their own.
    pub labels: Option<&'a Path>,
    /// Where the firmware shall run.
    pub board: &'a Board,
    /// Name of the model.
    pub name: &'a str,
    /// Time for the search.
    pub minutes: f64,
    /// Folder of the configuration: its paths start there.
    pub dir: &'a Path,
}

/// A guessed configuration.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Guess {
    entries: Vec<Entry>,
}

/// A key, its value as TOML, and why.
#[derive(Clone, PartialEq, Debug)]
struct Entry {
    section: &'static str,
    key: &'static str,
    value: String,
    why: String,
}

impl Guess {
    fn set(
        &mut self,
        section: &'static str,
        key: &'static str,
        value: impl Into<toml::Value>,
        why: impl Into<String>,
    ) {
        self.entries.push(Entry {
            section,
            key,
            value: value.into().to_string(),
            why: why.into(),
        });
    }

    fn has(&self, section: &str, key: &str) -> bool {
        let same = |entry: &Entry| (entry.section, entry.key) == (section, key);
        self.entries.iter().any(same)
    }

    /// The configuration, with a comment above each key.
    pub fn toml(&self) -> String {
        let mut text = String::from(
            "# Guessed by `emberc fit` from the data. Change what is wrong, then `emberc run`.\n\
             # All keys: `emberc new --keys`.\n",
        );
        for (section, _) in SECTIONS {
            let mut entries = self
                .entries
                .iter()
                .filter(|entry| entry.section == *section);
            let Some(first) = entries.next() else {
                continue;
            };
            text.push_str(&format!("\n[{section}]\n"));
            for entry in std::iter::once(first).chain(entries) {
                text.push_str(&format!(
                    "# {}\n{} = {}\n",
                    entry.why, entry.key, entry.value
                ));
            }
        }
        text
    }

    /// A line per guess, for people.
    pub fn lines(&self) -> Vec<String> {
        let line = |entry: &Entry| {
            let key = format!("{}.{}", entry.section, entry.key);
            format!("{key:<20} {:<24} {}", entry.value, entry.why)
        };
        self.entries.iter().map(line).collect()
    }
}

/// Where the samples are.
#[derive(Clone, Debug, Default)]
struct Source {
    file: PathBuf,
    labels: Option<PathBuf>,
    fields: Fields,
    /// npz: arrays whose names are those for names of classes.
    class_names: Vec<String>,
}

/// Guesses a configuration.
///
/// # Errors
/// Data that cannot be read, or without anything that could be a label.
pub fn guess(question: &Question<'_>) -> Result<Guess, Error> {
    let mut guess = Guess::default();
    guess.set("model", "name", question.name, "From the name of the data.");
    let source = source(question, &mut guess)?;
    let table = read_table(&source.file, source.labels.as_deref(), &source.fields)
        .map_err(Error::usage_of)?;
    arrays::name_classes(&table, &source, &mut guess);
    let sample = shape::guess(&table, &source, &mut guess);
    parts::guess(&table, &sample, &mut guess);
    budget::guess(question, &table, &sample, &mut guess);
    Ok(guess)
}

/// Which file or folder, and what in it is the label.
fn source(question: &Question<'_>, guess: &mut Guess) -> Result<Source, Error> {
    let data = question.data;
    let name = data.to_string_lossy().to_lowercase();
    if data.is_dir() {
        return folder::guess(question, guess);
    }
    if name.ends_with(".csv") || name.ends_with(".csv.gz") {
        return table::guess(question, guess);
    }
    arrays::guess(question, data, guess)
}

/// A path as the configuration writes it.
fn place(question: &Question<'_>, path: &Path) -> String {
    let here = Path::new(".");
    let dir = match question.dir == here {
        true => Path::new(""),
        false => question.dir,
    };
    path.strip_prefix(dir)
        .map_or_else(
            |_| std::path::absolute(path).unwrap_or(path.to_path_buf()),
            Path::to_path_buf,
        )
        .display()
        .to_string()
}

/// `3 classes (a, b, c)`, at most eight of them.
fn classes(table: &Table) -> String {
    let mut labels = table.labels.clone();
    labels.sort();
    let names = labels.names;
    let more = if names.len() > 8 { ", …" } else { "" };
    let shown = names[..names.len().min(8)].join(", ");
    format!("{} classes ({shown}{more})", names.len())
}
