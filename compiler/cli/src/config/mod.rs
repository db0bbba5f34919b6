//! `ember.toml` → [`Job`], or all that is wrong with it.
//!
//! Reading order: [`keys`] (the one table of keys), `values` and `convert` (TOML → typed
//! values), [`job`] with `checks`, `board`, `search` and `task` (values → a job that can be run), [`problem`] (what is
//! shown when it cannot), [`size`].

mod board;
mod checks;
mod convert;
pub mod job;
pub mod keys;
pub mod problem;
mod search;
pub mod size;
mod task;
mod values;

use std::path::PathBuf;

pub use job::{
    BoardChoice, CompressJob, DataJob, Job, Normalize, SearchJob, TaskJob, Template, TrainJob, Vary,
};
pub use problem::{Problem, Problems};

/// A column of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Column {
    /// By its name in the header (csv), or the name of an array (npz).
    Name(String),
    /// By its position, from 0.
    Number(usize),
    /// The last one.
    Last,
}

/// Which samples belong to a part of the data.
#[derive(Clone, PartialEq, Debug)]
pub enum Split {
    /// This part of each class, chosen at random; whole recordings where the data names them.
    Fraction(f64),
    /// The last samples in the order of the file.
    Tail(usize),
    /// All samples of these groups.
    Groups(Vec<String>),
    /// Folder: the files whose path below it matches one of these patterns (`*`, `?`, `[0-9]`).
    Names(Vec<String>),
    /// Validation by so many folds: parts of whole groups, or of whole recordings of each class, that judge in turn.
    Folds(usize),
    /// All samples of another file or folder of the same format.
    File {
        /// The samples.
        file: PathBuf,
        /// Their labels, where they have a file of their own.
        labels: Option<PathBuf>,
    },
}
