//! What every reader returns: rows of numbers, each with a label and perhaps a group and the number of
//! a recording.

use std::collections::BTreeMap;
use std::path::Path;

use super::array::Array;
use super::bytes::{is_packed, read};
use super::error::{DataError, Reason};
use super::names::{Named, Names};
use super::sound::{Sound, Wish};
use super::{csv, folder, idx, npy, npz};
use crate::config::Column;

/// What to look for in a file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fields {
    /// npz: array of the samples.
    pub input: String,
    /// Column or array of the labels.
    pub label: Option<Column>,
    /// Column or array of the groups.
    pub group: Option<Column>,
    /// Column or array of the recordings.
    pub series: Option<Column>,
    /// csv: columns that are left out.
    pub ignore: Vec<String>,
    /// csv: the column of texts, which are then all that a sample is, and how many of their bytes count.
    pub text: Option<(Column, usize)>,
    /// Folder: what names say, as [`super::Names`] reads it; without, folders are classes.
    pub names: Option<String>,
    /// Folder of pictures: their shape, if they may be resized to it.
    pub shape: Option<Vec<usize>>,
    /// Folder of recordings: what makes rows of them.
    pub sound: Wish,
}

/// Words as small numbers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Words {
    /// The different words, in the order in which they came.
    pub names: Vec<String>,
    /// One number per row: an index into `names`.
    pub ids: Vec<usize>,
    index: BTreeMap<String, usize>,
}

impl Words {
    pub(crate) fn push(&mut self, word: &str) {
        let id = match self.index.get(word) {
            Some(&id) => id,
            None => {
                self.names.push(word.to_string());
                self.index.insert(word.to_string(), self.names.len() - 1);
                self.names.len() - 1
            }
        };
        self.ids.push(id);
    }

    fn of(words: &[String]) -> Self {
        let mut all = Self::default();
        for word in words {
            all.push(word);
        }
        all
    }

    /// Numbers the words anew: by value if all are integers, else by the alphabet.
    pub fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        let numbers: Option<Vec<i64>> = self.names.iter().map(|name| name.parse().ok()).collect();
        match numbers {
            Some(numbers) => order.sort_by_key(|&id| numbers[id]),
            None => order.sort_by(|&a, &b| self.names[a].cmp(&self.names[b])),
        }
        let mut place = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old] = new;
        }
        self.names = order.iter().map(|&old| self.names[old].clone()).collect();
        self.index = self.names.iter().cloned().zip(0..).collect();
        for id in &mut self.ids {
            *id = place[*id];
        }
    }
}

/// Rows with labels.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    /// Shape of a row.
    pub row_shape: Vec<usize>,
    /// All rows, one after the other.
    pub values: Vec<f32>,
    /// Labels.
    pub labels: Words,
    /// Groups, if the file has them.
    pub groups: Option<Words>,
    /// Recordings, if the file has them.
    pub series: Option<Words>,
    /// Folder: the file of each row, as its path below the folder.
    pub files: Option<Words>,
    /// Folder of recordings: what the rows come from.
    pub sound: Option<Sound>,
}

impl Table {
    pub(crate) fn new(features: usize, fields: &Fields) -> Self {
        Self {
            row_shape: match &fields.text {
                Some((_, bytes)) => vec![*bytes, 1],
                None => vec![features],
            },
            values: Vec::new(),
            labels: Words::default(),
            groups: fields.group.as_ref().map(|_| Words::default()),
            series: fields.series.as_ref().map(|_| Words::default()),
            files: None,
            sound: None,
        }
    }

    /// A table of files whose names say so much.
    pub(super) fn of_files(row_shape: Vec<usize>, names: &Names) -> Self {
        Self {
            row_shape,
            values: Vec::new(),
            labels: Words::default(),
            groups: names.has_group().then(Words::default),
            series: names.has_series().then(Words::default),
            files: Some(Words::default()),
            sound: None,
        }
    }

    /// A row out of a file.
    pub(super) fn push_file(&mut self, file: &str, named: &Named<'_>) {
        self.push_words(named.label, named.group, named.series);
        if let Some(files) = &mut self.files {
            files.push(file);
        }
    }

    pub(crate) fn push_words(&mut self, label: &str, group: Option<&str>, series: Option<&str>) {
        self.labels.push(label);
        for (words, word) in [(&mut self.groups, group), (&mut self.series, series)] {
            if let (Some(words), Some(word)) = (words, word) {
                words.push(word);
            }
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.labels.ids.len()
    }
}

/// Reads a folder, or a file by the kind that its name says; `labels` is the file of the labels, if they have one.
pub fn read_table(path: &Path, labels: Option<&Path>, fields: &Fields) -> Result<Table, DataError> {
    if fields.text.is_some() && !matches!(Kind::of(path), Ok(Kind::Csv)) {
        let why = "`text` names a column of texts, and only a .csv file has one";
        return Err(Reason::format("text", why).of(path));
    }
    if path.is_dir() {
        return folder::read(path, fields);
    }
    let bytes = read(path).map_err(|reason| reason.of(path))?;
    let table = match Kind::of(path).map_err(|reason| reason.of(path))? {
        Kind::Csv => csv::parse(&bytes, fields),
        Kind::Npz => read_npz(&bytes, fields),
        kind => {
            let labels_path = labels.ok_or_else(|| Reason::NoLabels.of(path))?;
            let words = read_labels(labels_path).map_err(|reason| reason.of(labels_path))?;
            single(kind, &bytes).and_then(|array| join(array, words, None, None))
        }
    };
    let table = table.map_err(|reason| reason.of(path))?;
    if table.rows() == 0 || table.row_shape.iter().product::<usize>() == 0 {
        return Err(Reason::Empty.of(path));
    }
    Ok(table)
}

/// The kinds of files that are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Csv,
    Npy,
    Npz,
    Idx,
}

impl Kind {
    /// What the name says.
    pub fn of(path: &Path) -> Result<Self, Reason> {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let name = if is_packed(path) {
            name.trim_end_matches(".gz")
        } else {
            &name
        };
        let kinds = [
            (".csv", Kind::Csv),
            (".npy", Kind::Npy),
            (".npz", Kind::Npz),
            (".idx", Kind::Idx),
            ("-ubyte", Kind::Idx),
        ];
        kinds
            .into_iter()
            .find(|(end, _)| name.ends_with(end))
            .map(|(_, kind)| kind)
            .ok_or(Reason::Kind)
    }
}

/// The content of a file, unpacked.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    read(path).map_err(|reason| reason.of(path))
}

/// The names of the arrays in an npz file.
pub(crate) fn array_names(path: &Path) -> Result<Vec<String>, DataError> {
    let bytes = read_bytes(path)?;
    let archive = npz::Archive::open(&bytes).map_err(|reason| reason.of(path))?;
    Ok(archive.names())
}

/// The elements of an array of an npz file as words.
pub(crate) fn array_words(path: &Path, name: &str) -> Result<Vec<String>, DataError> {
    let bytes = read_bytes(path)?;
    let words = npz::Archive::open(&bytes).and_then(|mut archive| archive.words(name));
    words.map_err(|reason| reason.of(path))
}

fn single(kind: Kind, bytes: &[u8]) -> Result<Array, Reason> {
    match kind {
        Kind::Idx => {
            let mut array = idx::parse(bytes)?;
            // Pictures of idx files have one channel that is not written down.
            if array.shape.len() == 3 {
                array.shape.push(1);
            }
            Ok(array)
        }
        Kind::Npy | Kind::Csv | Kind::Npz => npy::parse(bytes),
    }
}

fn read_labels(path: &Path) -> Result<Vec<String>, Reason> {
    let bytes = read(path)?;
    match Kind::of(path)? {
        Kind::Csv => {
            let text = String::from_utf8_lossy(&bytes);
            Ok(text.lines().map(|line| line.trim().to_string()).collect())
        }
        Kind::Idx => Ok(idx::parse(&bytes)?.words()),
        Kind::Npy => npy::parse_words(&bytes),
        Kind::Npz => npz::Archive::open(&bytes)?.words("y"),
    }
}

fn read_npz(bytes: &[u8], fields: &Fields) -> Result<Table, Reason> {
    let mut archive = npz::Archive::open(bytes)?;
    // NumPy users write X as often as x.
    let input = match archive.has(&fields.input) {
        false if archive.has(&fields.input.to_uppercase()) => fields.input.to_uppercase(),
        _ => fields.input.clone(),
    };
    let array = archive.array(&input)?;
    let mut words = |column: &Option<Column>, default: Option<&str>| match column {
        Some(Column::Name(name)) => archive.words(name).map(Some),
        Some(Column::Number(_) | Column::Last) => Err(Reason::format(
            "npz",
            "its arrays have names, not numbers; give the name of an array",
        )),
        None => default.map(|name| archive.words(name)).transpose(),
    };
    let labels = words(&fields.label, Some("y"))?.unwrap_or_default();
    let groups = words(&fields.group, None)?;
    let series = words(&fields.series, None)?;
    join(array, labels, groups, series)
}

fn join(
    array: Array,
    labels: Vec<String>,
    groups: Option<Vec<String>>,
    series: Option<Vec<String>>,
) -> Result<Table, Reason> {
    let rows = array.rows();
    let all = [
        ("labels", Some(&labels)),
        ("groups", groups.as_ref()),
        ("series", series.as_ref()),
    ];
    for (what, words) in all {
        if let Some(words) = words.filter(|words| words.len() != rows) {
            return Err(Reason::Lengths {
                left: rows,
                what,
                right: words.len(),
            });
        }
    }
    let row_shape = match array.shape.get(1..) {
        Some([]) | None => vec![1],
        Some(shape) => shape.to_vec(),
    };
    Ok(Table {
        row_shape,
        values: array.values,
        labels: Words::of(&labels),
        groups: groups.as_deref().map(Words::of),
        series: series.as_deref().map(Words::of),
        files: None,
        sound: None,
    })
}
