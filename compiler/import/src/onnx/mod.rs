//! ONNX models.
//!
//! Flow: bytes → `schema` (protobuf) → `file` (nodes and constants, with limits) → `lower` (one file per
//! family of operators: each node is checked on its own, all problems are collected) → `lowering` (the growing
//! graph) → `assemble`. Values are `view`s of tensors: channels lie last on the device, whatever the file
//! says, and transposes and reshapes cost nothing until data have to move.
//!
//! Real weights give a `FloatGraph`, to be calibrated and quantised. A file with QuantizeLinear and
//! DequantizeLinear gives a `QuantGraph` with the file's own parameters.
//!
//! Memory is a small multiple of the file, time is linear in it with a budget for what is computed here.

mod assemble;
mod constant;
mod file;
mod integers;
mod lower;
mod lowering;
mod requantize;
mod schema;
mod site;
mod view;

use crate::identifier::identifier;
use crate::{ImportError, Model};
use lowering::Lowering;

/// The graph of an ONNX model; `None` if these bytes are none. `name` becomes the model's name.
pub(crate) fn import(name: &str, bytes: &[u8]) -> Option<Result<Model, ImportError>> {
    let model = match file::decode(bytes)? {
        Ok(model) => model,
        Err(error) => return Some(Err(error)),
    };
    Some(build(name, &model))
}

fn build(name: &str, model: &schema::ModelProto) -> Result<Model, ImportError> {
    let mut file = file::read(model)?;
    let name = match identifier(name) {
        empty if empty.is_empty() => "model".to_owned(),
        name => name,
    };
    let mut lowering = Lowering::new(name, &mut file);
    let inputs = assemble::inputs(&file, &mut lowering);
    lower::lower(&file, &mut lowering);
    assemble::finish(&file, lowering, inputs)
}
