//! Trained models of other tools become Ember's graphs.
//!
//! Owns: the file formats. This is the only crate that knows TensorFlow Lite and ONNX; what leaves it
//! is a [`Model`] or the full list of reasons why not. Must not know: how
//! graphs are planned or emitted, files (bytes come in, the caller reads them), boards.
//!
//! * [`tflite`]: int8 and float32 TensorFlow Lite models, read without generated code or C++, every offset
//!   checked. Nodes of int8 models round as TensorFlow Lite Micro's kernels do ([`ember_ir::Rounding::TfLite`]), so
//!   the result is theirs bit for bit.
//! * `onnx`: float models, to be calibrated and quantised, and models with QuantizeLinear and
//!   DequantizeLinear, which keep their own parameters.
//!
//! Reading order: [`import`], [`model`], [`error`], [`tflite`], `onnx`.
#![forbid(unsafe_code)]

pub mod error;
pub mod model;
mod onnx;
pub mod tflite;

mod identifier;

pub use error::{ImportError, Problem};
pub use model::{Layout, Model, Network};

/// The graph of a model file, whose format is found by its first bytes. `name` becomes the model's
/// name (a file's stem is a good choice).
///
/// # Errors
/// The bytes are not a known format, break its rules, or use what Ember cannot compile; in the last
/// case all such places are reported.
pub fn import(name: &str, bytes: &[u8]) -> Result<Model, ImportError> {
    if bytes.len() > model::MAX_BYTES {
        return Err(ImportError::TooLarge {
            what: "bytes",
            limit: model::MAX_BYTES,
            actual: bytes.len(),
        });
    }
    if tflite::is_tflite(bytes) {
        let network = tflite::network(name, bytes)?;
        let graph = network.graph();
        let layouts = |ids: &[ember_ir::TensorId]| {
            let shapes = ids.iter().map(|&id| &graph.tensor(id).shape);
            shapes.map(|shape| Layout::same(shape.dims())).collect()
        };
        return Ok(Model {
            inputs: layouts(&graph.inputs),
            outputs: layouts(&graph.outputs),
            network,
        });
    }
    onnx::import(name, bytes).unwrap_or(Err(ImportError::UnknownFormat))
}
