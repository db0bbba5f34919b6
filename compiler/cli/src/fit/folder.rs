//! What a folder of samples is: folders named like classes, names that say more, a test set beside the
//! training set, arrays.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Guess, Question, Source, arrays, place, sound};
use crate::Error;
use crate::data::folder::{Content, Listing, list};
use crate::data::pictures::{is_grey, open};
use crate::data::{Fields, Names};

/// Names of folders for parts of the data.
const TRAIN: [&str; 2] = ["train", "training"];
const TEST: [&str; 2] = ["test", "testing"];
const VALIDATION: [&str; 3] = ["validation", "valid", "val"];
/// The input takes a quarter of the RAM at most.
const INPUT: usize = 4;
/// Longest side that pictures are resized to.
const SIDE: usize = 96;

pub(super) fn guess(question: &Question<'_>, guess: &mut Guess) -> Result<Source, Error> {
    let listed = list(question.data);
    if listed.is_err()
        && let Some(array) = array_in(question.data)
    {
        return arrays::guess(question, &array, guess);
    }
    let listing = listed.map_err(Error::usage_of)?;
    let [train, test, validation] = parts(question, &listing).unwrap_or_default();
    let (dir, listing) = match train {
        None => (question.data.to_path_buf(), listing),
        Some(train) => {
            let listing = list(&train).map_err(Error::usage_of)?;
            (train, listing)
        }
    };
    let count = listing.files.len();
    let what = match listing.content {
        Content::Pictures => "pictures",
        Content::Sound => "recordings",
    };
    let why = format!("{count} {what}.");
    guess.set("data", "file", place(question, &dir), why);
    for (key, dir) in [("test", test), ("validation", validation)] {
        let Some(dir) = dir else { continue };
        let mut value = toml::Table::new();
        value.insert("file".into(), place(question, &dir).into());
        guess.set("data", key, value, "The folder that is named so.");
    }
    let mut fields = Fields::default();
    if let Some((pattern, why)) = names(&listing.files) {
        guess.set("data", "names", pattern.as_str(), why);
        fields.names = Some(pattern);
    }
    match listing.content {
        Content::Pictures => fields.shape = shape(question, &dir, &listing, guess)?,
        Content::Sound => fields.sound = sound::guess(question, &dir, &listing, guess)?,
    }
    Ok(Source {
        file: dir,
        fields,
        ..Source::default()
    })
}

/// The file of arrays in a folder that has no other samples: the only one, or the training set.
fn array_in(dir: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    files.retain(|path| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let name = name.trim_end_matches(".gz");
        [".npz", ".npy", ".idx", "-ubyte"]
            .iter()
            .any(|kind| name.ends_with(kind))
            && !name.contains("label")
            && !name.starts_with('y')
    });
    let named = |word: &str| {
        let has = |path: &&PathBuf| path.to_string_lossy().to_lowercase().contains(word);
        files.iter().find(has).cloned()
    };
    named("train").or_else(|| files.first().cloned())
}

/// The folders of training, test and validation set, if those are all that is there.
fn parts(question: &Question<'_>, listing: &Listing) -> Option<[Option<PathBuf>; 3]> {
    let tops: Option<BTreeSet<&str>> = listing
        .files
        .iter()
        .map(|file| Some(file.split_once('/')?.0))
        .collect();
    let tops = tops?;
    let find = |names: &[&str]| {
        let named = |top: &&&str| names.contains(&top.to_lowercase().as_str());
        tops.iter().find(named).map(|top| question.data.join(top))
    };
    let found = [find(&TRAIN), find(&TEST), find(&VALIDATION)];
    let count = found.iter().flatten().count();
    (count == tops.len() && count > 1 && found[0].is_some()).then_some(found)
}

/// The pattern of names, and why; `None` for a folder per class.
fn names(files: &[String]) -> Option<(String, String)> {
    let stems: Vec<&str> = files
        .iter()
        .map(|file| {
            file.rsplit_once('.')
                .map_or(file.as_str(), |(stem, _)| stem)
        })
        .collect();
    let depth = |stem: &&str| stem.matches('/').count();
    let least = stems.iter().map(depth).min().unwrap_or(0);
    if least > 0 {
        let is_flat = stems.iter().all(|stem| depth(stem) == 1);
        return match is_flat {
            true => None,
            false => Some((
                format!("{}{{label}}/*", "*/".repeat(least - 1)),
                "The innermost folders are taken for the classes.".into(),
            )),
        };
    }
    let separator = ['_', '-']
        .into_iter()
        .find(|&separator| stems.iter().all(|stem| stem.contains(separator)))?;
    let fields: Vec<Vec<&str>> = stems
        .iter()
        .map(|stem| stem.split(separator).collect())
        .collect();
    let width = fields.iter().map(Vec::len).min().unwrap_or(0);
    let is_even = fields.iter().all(|fields| fields.len() == width);
    let speaker = (1..width).find(|&at| is_even && says_whom(&fields, at));
    let parts: Vec<&str> = match speaker {
        None => vec!["{label}", "*"],
        Some(at) => (0..width)
            .map(|part| match part {
                0 => "{label}",
                part if part == at => "{group}",
                _ => "*",
            })
            .collect(),
    };
    let pattern = parts.join(&separator.to_string());
    let whom = match speaker {
        Some(_) => ", then whom it comes from: nobody is in two parts of the data",
        None => "",
    };
    let example = stems.first().copied().unwrap_or_default();
    let why = format!("Names such as {example} begin with the class{whom}.");
    Names::parse(&pattern).ok().map(|_| (pattern, why))
}

/// Whether a field names people or devices: words, at least three, each with several classes.
fn says_whom(fields: &[Vec<&str>], at: usize) -> bool {
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for fields in fields {
        labels.entry(fields[at]).or_default().insert(fields[0]);
    }
    let is_word = |name: &str| name.parse::<f64>().is_err();
    labels.len() >= 3
        && labels.keys().all(|name| is_word(name))
        && labels.values().all(|labels| labels.len() > 1)
}

/// The shape that pictures are resized to; `None` if they have one that suits the board.
fn shape(
    question: &Question<'_>,
    dir: &Path,
    listing: &Listing,
    guess: &mut Guess,
) -> Result<Option<Vec<usize>>, Error> {
    let mut sizes = BTreeSet::new();
    let mut channels = 1;
    for file in &listing.files {
        let path = dir.join(file);
        let wrong =
            |error: &dyn std::fmt::Display| Error::usage(format!("{}: {error}", path.display()));
        sizes.insert(image::image_dimensions(&path).map_err(|error| wrong(&error))?);
        if channels == 1 && !is_grey(&open(&path).map_err(|reason| wrong(&reason))?) {
            channels = 3;
        }
    }
    let bytes = question.board.ram.bytes as usize / INPUT;
    let fits = |&(width, height): &(u32, u32)| width as usize * height as usize * channels <= bytes;
    if sizes.len() == 1 && sizes.iter().all(fits) {
        return Ok(None);
    }
    let least = sizes.iter().map(|&(width, height)| width.min(height)).min();
    let side = (bytes / channels)
        .isqrt()
        .min(SIDE)
        .min(least.unwrap_or(0) as usize);
    // Pooling halves sizes: a multiple of eight stays whole.
    let side = if side >= 16 {
        side / 8 * 8
    } else {
        side.max(1)
    };
    let shape = vec![side, side, channels];
    let several = match sizes.len() {
        1 => "The pictures are large".to_string(),
        several => format!("The pictures have {several} sizes"),
    };
    let why = format!("{several}: all are resized to what leaves RAM for the network.");
    let value: Vec<i64> = shape.iter().map(|&dim| dim as i64).collect();
    guess.set("data", "shape", value, why);
    Ok(Some(shape))
}
