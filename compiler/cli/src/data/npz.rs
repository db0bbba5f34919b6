//! NumPy's `.npz`: a zip archive of `.npy` files, one per array.

use std::io::Cursor;

use super::array::{Array, Element};
use super::bytes::{LIMIT, bounded};
use super::error::Reason;
use super::npy;

/// An opened archive.
pub(crate) struct Archive<'a> {
    zip: zip::ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Archive<'a> {
    /// Reads the directory of an archive.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Reason> {
        let zip = zip::ZipArchive::new(Cursor::new(bytes))
            .map_err(|error| Reason::format("npz", error.to_string()))?;
        Ok(Self { zip })
    }

    /// The array `name`.
    pub fn array(&mut self, name: &str) -> Result<Array, Reason> {
        Ok(self.array_typed(name)?.0)
    }

    /// The array `name` and what its elements were in the file.
    pub fn array_typed(&mut self, name: &str) -> Result<(Array, Element), Reason> {
        npy::parse_typed(&self.file(name)?)
    }

    /// The elements of the array `name` as words.
    pub fn words(&mut self, name: &str) -> Result<Vec<String>, Reason> {
        npy::parse_words(&self.file(name)?)
    }

    fn file(&mut self, name: &str) -> Result<Vec<u8>, Reason> {
        let there = self.names();
        match self.zip.by_name(&format!("{name}.npy")) {
            Ok(file) => bounded(file, LIMIT),
            Err(zip::result::ZipError::FileNotFound) => Err(Reason::Missing {
                what: "array",
                name: name.to_string(),
                there,
            }),
            Err(error) => Err(Reason::format("npz", error.to_string())),
        }
    }

    /// Whether there is an array `name`.
    pub fn has(&self, name: &str) -> bool {
        self.names().iter().any(|there| there == name)
    }

    /// The names of all arrays.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .zip
            .file_names()
            .filter_map(|name| Some(name.ok()?.trim_end_matches(".npy").to_string()))
            .collect();
        names.sort();
        names
    }
}
