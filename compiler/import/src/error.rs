//! Why a model was not imported. A broken file is reported at the first broken byte; what Ember does
//! not support is reported in full, so that one look tells whether a model can be used.

use std::fmt;

pub use crate::tflite::Malformed;

/// A model was not imported.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ImportError {
    /// No reader claims these bytes.
    #[error(
        "the file is neither a TensorFlow Lite model (no `TFL3` at byte 4) nor an ONNX model; give a .tflite file of an int8 model or an .onnx file"
    )]
    UnknownFormat,
    /// The file breaks its format's rules.
    #[error("the file is damaged or not a valid model: {0}")]
    Malformed(#[from] Malformed),
    /// The bytes are not the protobuf that an ONNX model is.
    #[error("the file is damaged or not a valid ONNX model: {0}")]
    Protobuf(String),
    /// The file is larger than anything that fits a microcontroller.
    #[error("the model has {actual} {what}, at most {limit} are accepted; reduce the model")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// How many are accepted.
        limit: usize,
        /// How many there are.
        actual: usize,
    },
    /// The file is valid, but Ember cannot compile it.
    #[error("{}", list(.0))]
    Unsupported(Vec<Problem>),
}

/// One thing that keeps a model from being compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where: `operator 3 (CONV_2D, "conv1")` or `the model`.
    pub place: String,
    /// What is there.
    pub what: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.what, self.help)
    }
}

/// Problems printed; a model of thousands of unsupported operators needs no longer list.
const SHOWN: usize = 50;

fn list(problems: &[Problem]) -> String {
    let count = problems.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    let mut text = format!("the model cannot be compiled, {count} {noun}:");
    for problem in problems.iter().take(SHOWN) {
        text.push_str("\n  ");
        text.push_str(&problem.to_string());
    }
    if count > SHOWN {
        text.push_str(&format!("\n  and {} more", count - SHOWN));
    }
    text
}
