//! A folder of samples: a picture or a recording per file. What its class is, its name says
//! ([`super::names`]).

use std::path::{Path, PathBuf};

use super::error::{DataError, Reason};
use super::names::{FOLDERS, Named, Names};
use super::table::{Fields, Table};
use super::{pictures, sound};

/// The kinds of files in a folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// png, jpeg, bmp.
    Pictures,
    /// wav.
    Sound,
}

impl Content {
    /// What the name of a file says; `None` for what is no sample.
    pub fn of(path: &Path) -> Option<Self> {
        let kind = path.extension()?.to_string_lossy().to_lowercase();
        match kind.as_str() {
            "wav" => Some(Content::Sound),
            "png" | "jpg" | "jpeg" | "bmp" => Some(Content::Pictures),
            _ => None,
        }
    }
}

/// The samples of a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    /// What they are.
    pub content: Content,
    /// Paths below the folder, with `/`, sorted.
    pub files: Vec<String>,
}

/// Lists the samples of a folder and of the folders in it; other files and hidden ones are passed over.
///
/// # Errors
/// A folder that cannot be read, has no samples, or has pictures and recordings.
pub fn list(dir: &Path) -> Result<Listing, DataError> {
    let mut files = Vec::new();
    collect(dir, "", &mut files)?;
    files.sort();
    let contents: Vec<(Content, &String)> = files
        .iter()
        .filter_map(|file| Some((Content::of(Path::new(file))?, file)))
        .collect();
    let Some(&(content, first)) = contents.first() else {
        return Err(Reason::NoSamples.of(dir));
    };
    if let Some((_, other)) = contents.iter().find(|(other, _)| *other != content) {
        let (first, other) = (first.clone(), other.to_string());
        return Err(Reason::Mixed { first, other }.of(dir));
    }
    Ok(Listing { content, files })
}

fn collect(dir: &Path, below: &str, files: &mut Vec<String>) -> Result<(), DataError> {
    let place = dir.join(below);
    let error = |error: std::io::Error| Reason::Io(error).of(&place);
    for entry in std::fs::read_dir(&place).map_err(error)? {
        let entry = entry.map_err(error)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = match below {
            "" => name,
            _ => format!("{below}/{name}"),
        };
        // A link to a folder may lead back here.
        if entry.file_type().map_err(error)?.is_dir() {
            collect(dir, &path, files)?;
        } else if Content::of(Path::new(&path)).is_some() {
            files.push(path);
        }
    }
    Ok(())
}

/// A file and what its name says.
pub(super) struct Member<'a> {
    pub path: PathBuf,
    pub file: &'a str,
    pub named: Named<'a>,
}

/// Reads a folder.
///
/// # Errors
/// As [`list`]; a name that the pattern does not match; a file that is damaged, or another shape than the
/// others.
pub(super) fn read(dir: &Path, fields: &Fields) -> Result<Table, DataError> {
    let listing = list(dir)?;
    let pattern = fields.names.as_deref().unwrap_or(FOLDERS);
    let names = Names::parse(pattern).map_err(|what| Reason::Names { what }.of(dir))?;
    let mut members = Vec::with_capacity(listing.files.len());
    for file in &listing.files {
        let path = dir.join(file);
        let stem = file
            .rsplit_once('.')
            .map_or(file.as_str(), |(stem, _)| stem);
        let Some(named) = names.read(stem) else {
            let pattern = pattern.to_string();
            return Err(Reason::Name { pattern }.of(path));
        };
        members.push(Member { path, file, named });
    }
    match listing.content {
        Content::Pictures => pictures::read(&members, &names, fields),
        Content::Sound => sound::read(&members, &names, fields),
    }
}
