//! The test set inside an emitted crate, in `verify/`: `samples.bin` (inputs as the device takes
//! them, one after the other), `labels.bin` (u16, little-endian; no file if the samples have none) and `expected.json`. Nothing of it is linked into the
//! firmware; it lets `emberc verify DIR` repeat the whole check from the folder alone.

use std::borrow::Cow;
use std::path::Path;

use ember_codegen::front::{Front, Tables};
use ember_codegen::target::Prefer;
use serde::{Deserialize, Serialize};

use super::anomaly::Threshold;
use crate::Error;
use crate::files::{io_error, read_text};

/// Quantised samples and, where they are known, their classes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestSet {
    /// Bytes of one sample.
    pub input_len: usize,
    /// All samples, one after the other.
    pub samples: Vec<i8>,
    /// The class of each; empty if nobody knows.
    pub labels: Vec<usize>,
}

/// What was known of a network that finds anomalies; its labels are those of [`ember_train::task`].
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Detector {
    /// The threshold in the crate.
    pub threshold: Threshold,
    /// Area under the ROC of the float network on the test set, if that has anomalies.
    pub auc_float: Option<f32>,
}

/// What was known of the firmware before it was built.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Expectations {
    /// Name of the board.
    pub board: String,
    /// What the firmware is made for.
    #[serde(default)]
    pub prefer: Prefer,
    /// The whole firmware in flash may take this.
    pub flash_limit_bytes: usize,
    /// Statics and stack may take this.
    pub ram_limit_bytes: usize,
    /// Accuracy of the float network on the test set, if that has classes.
    pub accuracy_float: Option<f32>,
    /// The same of the int8 network, by the interpreter.
    pub accuracy_int8: Option<f32>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Size of the test set.
    pub samples: usize,
    /// Planned arena.
    pub arena_bytes: usize,
    /// Predicted weights and constants.
    pub constant_bytes: usize,
    /// Predicted flash.
    pub flash_bytes: usize,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// An estimate of the cycles of one inference, for cores that there is one for.
    #[serde(default)]
    pub cycles_estimate: Option<u64>,
    /// Calls that a sample takes.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub calls: usize,
    /// What makes the network's input out of the samples, if they are sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub front: Option<Front>,
    /// Of a network that finds anomalies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detector: Option<Detector>,
}

/// A sample is one call where nothing else is said.
pub(super) fn one() -> usize {
    1
}

/// What need not be said.
pub(super) fn is_one(number: &usize) -> bool {
    *number == 1
}

/// Samples as the network gets them.
pub struct Heard<'a>(Option<(&'a Front, Tables)>);

impl<'a> Heard<'a> {
    /// Through a front end, if there is one.
    pub fn new(front: Option<&'a Front>) -> Result<Self, Error> {
        let with_tables = |front: &'a Front| {
            front.spec.check().map_err(Error::usage)?;
            Tables::new(&front.spec)
                .map(|tables| (front, tables))
                .map_err(Error::usage)
        };
        front.map(with_tables).transpose().map(Self)
    }

    /// The network's input for a sample.
    pub fn input<'b>(&self, sample: &'b [i8]) -> Cow<'b, [i8]> {
        match &self.0 {
            Some((front, tables)) => Cow::Owned(front.input(tables, sample)),
            None => Cow::Borrowed(sample),
        }
    }
}

impl TestSet {
    /// The samples.
    pub fn iter(&self) -> impl Iterator<Item = &[i8]> {
        self.samples.chunks_exact(self.input_len.max(1))
    }

    /// Number of samples.
    pub fn count(&self) -> usize {
        self.samples.len() / self.input_len.max(1)
    }

    /// The files of the test set by their path in the crate.
    pub fn files(&self, expectations: &Expectations) -> Vec<(String, Vec<u8>)> {
        let samples = self
            .samples
            .iter()
            .map(|value| value.cast_unsigned())
            .collect();
        let labels: Vec<u8> = self
            .labels
            .iter()
            .flat_map(|&label| u16::try_from(label).unwrap_or(u16::MAX).to_le_bytes())
            .collect();
        let mut json = serde_json::to_string_pretty(expectations)
            .unwrap_or_else(|error| panic!("BUG: expectations are always JSON: {error}"));
        json.push('\n');
        let mut files = vec![
            ("verify/samples.bin".into(), samples),
            ("verify/expected.json".into(), json.into_bytes()),
        ];
        if !labels.is_empty() {
            files.push(("verify/labels.bin".into(), labels));
        }
        files
    }

    /// Reads the test set of a crate whose network takes `input_len` bytes; of sound, its own length.
    pub fn load(dir: &Path, input_len: usize) -> Result<(Self, Expectations), Error> {
        let read = |name: &str| {
            let path = dir.join("verify").join(name);
            std::fs::read(&path).map_err(|error| io_error(&path)(error))
        };
        let path = dir.join("verify/expected.json");
        let expectations: Expectations = serde_json::from_str(&read_text(&path)?)
            .map_err(|error| Error::usage(format!("{}: {error}", path.display())))?;
        let front = expectations.front.as_ref();
        let input_len = front.map_or(input_len, Front::sample_bytes);
        let samples: Vec<i8> = read("samples.bin")?
            .into_iter()
            .map(u8::cast_signed)
            .collect();
        let labels = match dir.join("verify/labels.bin").is_file() {
            true => read("labels.bin")?,
            false => Vec::new(),
        };
        let labels: Vec<usize> = labels
            .as_chunks::<2>()
            .0
            .iter()
            .map(|label| usize::from(u16::from_le_bytes(*label)))
            .collect();
        let count = samples.len() / input_len.max(1);
        let is_whole = count > 0 && samples.len() == count * input_len;
        if !is_whole || !(labels.is_empty() || labels.len() == count) {
            return Err(Error::usage(format!(
                "{}: {} bytes of samples for {} labels and inputs of {input_len}; emit the crate again",
                dir.join("verify").display(),
                samples.len(),
                labels.len()
            )));
        }
        let tests = Self {
            input_len,
            samples,
            labels,
        };
        Ok((tests, expectations))
    }
}
