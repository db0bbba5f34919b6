//! Networks in files: Ember's own text, and the models of other tools.

use std::path::Path;

use ember_import::{Layout, Model, Network, model::MAX_BYTES};
use ember_ir::{QuantGraph, TensorId};
use sha2::{Digest, Sha256};

use crate::files::io_error;
use crate::{Error, data, hash};

/// A network with where it comes from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The network.
    pub model: Model,
    /// The file's name without its folder.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
}

/// Reads an .ember, .tflite or .onnx file.
///
/// # Errors
/// The file cannot be read, or is no network that Ember can compile.
pub fn read(path: &Path) -> Result<Source, Error> {
    let kind = path.extension().and_then(|kind| kind.to_str());
    let kind = kind.unwrap_or_default();
    if !["ember", "tflite", "onnx"].contains(&kind) {
        return Err(refused(
            path,
            "a network is an .ember, .tflite or .onnx file",
        ));
    }
    let file = std::fs::File::open(path).map_err(io_error(path))?;
    let bytes = data::bounded(file, MAX_BYTES as u64).map_err(|reason| refused(path, reason))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let model = match kind {
        "ember" => own(&bytes).map_err(|error| refused(path, error))?,
        _ => ember_import::import(&stem, &bytes).map_err(|error| refused(path, error))?,
    };
    Ok(Source {
        model,
        file: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        sha256: hash::digits(&Sha256::digest(&bytes)),
    })
}

/// Reads a network that is int8 already.
///
/// # Errors
/// As [`read`]; a network in f32.
pub fn read_int8(path: &Path) -> Result<QuantGraph, Error> {
    match read(path)?.model.network {
        Network::Int8(network) => Ok(network),
        Network::Float(_) => Err(refused(
            path,
            "the network is in f32; `emberc compile` with `--calibrate` makes an int8 one",
        )),
    }
}

/// Ember's text form, whose axes are the device's.
fn own(bytes: &[u8]) -> Result<Model, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_string())?;
    let network = ember_ir::text::parse(text).map_err(|error| error.to_string())?;
    let graph = &network.graph;
    let layouts = |ids: &[TensorId]| {
        let shapes = ids.iter().map(|&id| &graph.tensor(id).shape);
        shapes.map(|shape| Layout::same(shape.dims())).collect()
    };
    Ok(Model {
        inputs: layouts(&graph.inputs),
        outputs: layouts(&graph.outputs),
        network: Network::Int8(network),
    })
}

/// An error about a file.
pub fn refused(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::usage(format!("{}: {error}", path.display()))
}
