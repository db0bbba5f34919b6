//! What can be wrong with a data file.

use std::path::PathBuf;

/// Why a file cannot be read as samples.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct DataError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The system cannot read it.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// No reader knows the name.
    #[error(
        "no known kind of file; name it .csv, .npy, .npz, .idx or …-ubyte, each with or without .gz, or give a folder"
    )]
    Kind,
    /// More data than a file of samples may have.
    #[error("more than {limit} MiB when unpacked; use a part of the data")]
    TooLarge {
        /// The limit in MiB.
        limit: u64,
    },
    /// The bytes are not what the name says.
    #[error("not a valid {format} file: {what}")]
    Format {
        /// The format that was expected.
        format: &'static str,
        /// What is wrong and where.
        what: String,
    },
    /// A column or an array is not there.
    #[error("there is no {what} `{name}`; there is {}", there.join(", "))]
    Missing {
        /// `column` or `array`.
        what: &'static str,
        /// The one asked for.
        name: String,
        /// Those there are.
        there: Vec<String>,
    },
    /// The labels are nowhere.
    #[error(
        "the samples have no labels; name the file that has them with `labels` (`emberc new --labels`)"
    )]
    NoLabels,
    /// A kind of file that has labels where only samples are wanted.
    #[error("samples are read from .npy, .npz, .idx or …-ubyte files; store them as one array")]
    Samples,
    /// Samples of another shape than the network's input.
    #[error(
        "its samples have shape {actual:?}, the network takes {expected:?}; the first axis of the array counts samples"
    )]
    Shape {
        /// The network's, in the order of the model file.
        expected: Vec<usize>,
        /// The file's.
        actual: Vec<usize>,
    },
    /// Two arrays that belong together have different lengths.
    #[error("{left} samples, but {right} {what}")]
    Lengths {
        /// Number of samples.
        left: usize,
        /// `labels`, `groups` or `series`.
        what: &'static str,
        /// Number of those.
        right: usize,
    },
    /// A folder without a file that could be a sample.
    #[error("the folder has no samples: no .png, .jpg, .bmp or .wav in it or below it")]
    NoSamples,
    /// A folder of pictures and recordings.
    #[error(
        "the folder has pictures and recordings, such as {first} and {other}; give a folder of one kind"
    )]
    Mixed {
        /// One of the one kind.
        first: String,
        /// One of the other.
        other: String,
    },
    /// Recordings of several rates.
    #[error(
        "{there} samples per second, but {first} has {rate}; give a `rate` in [audio] to resample all to"
    )]
    Rates {
        /// The file's.
        there: u32,
        /// The first one's.
        rate: u32,
        /// The first file.
        first: String,
    },
    /// A front end that cannot be.
    #[error("{what}")]
    Front {
        /// Why.
        what: String,
    },
    /// A pattern for names that is none.
    #[error("`names`: {what}")]
    Names {
        /// What is wrong with it.
        what: String,
    },
    /// A name that says nothing.
    #[error(
        "its name does not match `names = \"{pattern}\"`; give another pattern, or move the file away"
    )]
    Name {
        /// The pattern.
        pattern: String,
    },
    /// A shape that pictures cannot have.
    #[error(
        "pictures cannot have the shape {shape:?}; it is [height, width, 1] or [height, width, 3]"
    )]
    PictureShape {
        /// The configuration's.
        shape: Vec<usize>,
    },
    /// A picture that is too large as it is.
    #[error(
        "a picture of {}×{} pixels is too much for a microcontroller; give a `shape` to resize to, such as [96, 96, 3]",
        size.0, size.1
    )]
    PictureSize {
        /// Height and width.
        size: (usize, usize),
    },
    /// Pictures of several sizes.
    #[error(
        "{}×{} pixels (height×width), but {there} has {}×{}; give a `shape` to resize all to, such as [{}, {}, 1]",
        size.0, size.1, first.0, first.1, first.0, first.1
    )]
    PictureSizes {
        /// Height and width.
        size: (usize, usize),
        /// Of the first picture.
        first: (usize, usize),
        /// The first picture.
        there: String,
    },
    /// No sample at all.
    #[error("no samples")]
    Empty,
}

impl Reason {
    /// A file that is not of its format.
    pub(crate) fn format(format: &'static str, what: impl Into<String>) -> Self {
        Self::Format {
            format,
            what: what.into(),
        }
    }

    /// The file that it is about.
    pub(crate) fn of(self, path: impl Into<PathBuf>) -> DataError {
        DataError {
            path: path.into(),
            reason: self,
        }
    }
}
