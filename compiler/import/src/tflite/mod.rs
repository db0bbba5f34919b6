//! TensorFlow Lite models: int8, or float32 to be quantised.
//!
//! Flow: bytes → [`flatbuffer`] tables → [`schema`] (the parts of the file that matter, with their
//! limits) → [`edges`] (float inputs and outputs of int8 models become int8) → [`lower`] (one file per operator: each
//! one checked on its own, all problems collected) → [`assemble`] (names, the finished graph). The batch axis must be 1 and is dropped.
//!
//! Time and memory are linear in the file: tables are read through a fixed schema without recursion,
//! vectors are borrowed, and the constants that operators copy are counted before they are copied.

mod assemble;
mod edges;
mod flatbuffer;
mod lower;
mod names;
mod schema;
#[cfg(test)]
mod tests;

use ember_ir::QuantGraph;

use crate::{ImportError, Network, Problem};
pub use flatbuffer::Malformed;
use schema::Model;

/// Whether these bytes claim to be a TensorFlow Lite model.
pub fn is_tflite(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(b"TFL3".as_slice())
}

/// The graph of an int8 TensorFlow Lite model. `name` becomes the model's name.
///
/// # Errors
/// The file is damaged (first place), too large for any microcontroller, or uses what Ember cannot
/// compile (all places); a float32 model.
pub fn import(name: &str, bytes: &[u8]) -> Result<QuantGraph, ImportError> {
    match network(name, bytes)? {
        Network::Int8(network) => Ok(network),
        Network::Float(_) => Err(ImportError::Unsupported(vec![Problem {
            place: "the model".into(),
            what: "it is float32".into(),
            help: "quantise it first".into(),
        }])),
    }
}

/// The graph of a TensorFlow Lite model: of an int8 one with its integers, of a float32 one with its real
/// numbers. `name` becomes the model's name.
///
/// # Errors
/// As [`import`], but for models in float32.
pub fn network(name: &str, bytes: &[u8]) -> Result<Network, ImportError> {
    if !is_tflite(bytes) {
        return Err(ImportError::UnknownFormat);
    }
    let mut model = Model::parse(bytes)?;
    edges::fold_constants(&mut model);
    edges::to_int8(&mut model);
    let mut problems = model.problems();
    let lowered = lower::lower(&model, &mut problems);
    if !problems.is_empty() {
        return Err(ImportError::Unsupported(problems));
    }
    assemble::assemble(name, &model, lowered)
}
