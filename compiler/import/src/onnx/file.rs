//! From bytes to nodes and constants, with limits: numbers of messages are checked before the messages are
//! decoded, so that memory stays within a small multiple of the file.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::Message;

use super::constant::{Constant, MAX_RANK, type_name};
use super::schema::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    ValueInfoProto,
};
use crate::{ImportError, Problem};

/// Most nodes, constants, inputs and outputs: far above any model for a microcontroller.
const MAX_ITEMS: usize = 20_000;
/// Most inputs or outputs of a node, and attributes.
const MAX_OPERANDS: usize = 1_000;

/// A file in memory.
pub(super) struct File {
    /// Version of the standard operators.
    pub opset: i64,
    pub nodes: Vec<Node>,
    pub constants: Vec<(String, Constant)>,
    pub inputs: Vec<Input>,
    pub outputs: Vec<String>,
    /// Constants and inputs that were refused.
    pub unknown: Vec<String>,
    /// What is there but not supported.
    pub problems: Vec<Problem>,
}

/// A node.
pub(super) struct Node {
    pub index: usize,
    pub name: String,
    pub op: String,
    pub domain: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Vec<(String, Attribute)>,
}

/// An attribute of one of the kinds that are used.
pub(super) enum Attribute {
    Int(i64),
    Float(f32),
    Text(String),
    Ints(Vec<i64>),
    Floats(Vec<f32>),
    Texts(Vec<String>),
    Tensor(Box<Constant>),
    /// A kind that nothing here reads, or a damaged constant; what it is.
    Other(String),
}

/// An input of the model.
pub(super) struct Input {
    pub name: String,
    pub dims: Vec<usize>,
}

impl Node {
    /// `node 3 (Conv, "conv1")`.
    pub fn place(&self) -> String {
        let name = match self.name.as_str() {
            "" => self.outputs.first().map_or("", String::as_str),
            name => name,
        };
        format!(
            "node {} ({}, \"{}\")",
            self.index,
            self.op.escape_debug(),
            name.escape_debug()
        )
    }
}

/// The model of a file, or `None` if these bytes are no ONNX at all.
pub(super) fn decode(bytes: &[u8]) -> Option<Result<ModelProto, ImportError>> {
    // The field `ir_version` comes first in every file, and a graph must be there.
    match ModelProto::decode(Bytes::copy_from_slice(bytes)) {
        Ok(model) => model.graph.is_some().then_some(Ok(model)),
        Err(error) if bytes.first() == Some(&0x08) => {
            Some(Err(ImportError::Protobuf(error.to_string())))
        }
        Err(_) => None,
    }
}

/// Decodes what a model consists of.
pub(super) fn read(model: &ModelProto) -> Result<File, ImportError> {
    let empty = GraphProto::default();
    let graph = model.graph.as_ref().unwrap_or(&empty);
    for (what, actual) in [
        ("nodes", graph.node.len()),
        ("constants", graph.initializer.len()),
        ("inputs", graph.input.len()),
        ("outputs", graph.output.len()),
        ("operator sets", model.opset_import.len()),
    ] {
        if actual > MAX_ITEMS {
            return Err(ImportError::TooLarge {
                what,
                limit: MAX_ITEMS,
                actual,
            });
        }
    }
    let mut problems = Vec::new();
    let mut unknown = Vec::new();
    let mut constants = Vec::with_capacity(graph.initializer.len());
    for bytes in &graph.initializer {
        let tensor: TensorProto = message(bytes)?;
        match Constant::read(&tensor) {
            Ok(constant) => constants.push((tensor.name, constant)),
            Err(what) => {
                problems.push(Problem {
                    place: format!("constant \"{}\"", tensor.name.escape_debug()),
                    what,
                    help: "export the model again with plain float32 constants inside".into(),
                });
                unknown.push(tensor.name);
            }
        }
    }
    if !graph.sparse_initializer.is_empty() {
        problems.push(Problem {
            place: "the model".into(),
            what: "it has sparse constants".into(),
            help: "export it with dense ones".into(),
        });
    }
    let mut nodes = Vec::with_capacity(graph.node.len());
    for (index, bytes) in graph.node.iter().enumerate() {
        nodes.push(node(index, message(bytes)?)?);
    }
    let names: BTreeSet<String> = constants.iter().map(|(name, _)| name.clone()).collect();
    let mut inputs = Vec::new();
    for bytes in &graph.input {
        let info: ValueInfoProto = message(bytes)?;
        // Old files list their constants among the inputs.
        if !names.contains(&info.name) {
            let name = info.name.clone();
            match input(info, &mut problems) {
                Some(input) => inputs.push(input),
                None => unknown.push(name),
            }
        }
    }
    let mut outputs = Vec::new();
    for bytes in &graph.output {
        outputs.push(message::<ValueInfoProto>(bytes)?.name);
    }
    let mut opset = 0;
    for bytes in &model.opset_import {
        let set: OperatorSetIdProto = message(bytes)?;
        if matches!(set.domain.as_str(), "" | "ai.onnx") {
            opset = set.version;
        }
    }
    Ok(File {
        opset,
        nodes,
        constants,
        inputs,
        outputs,
        unknown,
        problems,
    })
}

fn message<M: Message + Default>(bytes: &Bytes) -> Result<M, ImportError> {
    M::decode(bytes.clone()).map_err(|error| ImportError::Protobuf(error.to_string()))
}

fn node(index: usize, proto: NodeProto) -> Result<Node, ImportError> {
    for (what, actual) in [
        ("inputs of one node", proto.input.len()),
        ("outputs of one node", proto.output.len()),
        ("attributes of one node", proto.attribute.len()),
    ] {
        if actual > MAX_OPERANDS {
            return Err(ImportError::TooLarge {
                what,
                limit: MAX_OPERANDS,
                actual,
            });
        }
    }
    let mut attributes = Vec::with_capacity(proto.attribute.len());
    for bytes in &proto.attribute {
        let attribute: AttributeProto = message(bytes)?;
        attributes.push((attribute.name.clone(), value(attribute)));
    }
    Ok(Node {
        index,
        name: proto.name,
        op: proto.op_type,
        domain: proto.domain,
        inputs: proto.input,
        outputs: proto.output,
        attributes,
    })
}

fn value(proto: AttributeProto) -> Attribute {
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    match proto.r#type {
        1 => Attribute::Float(proto.f),
        2 => Attribute::Int(proto.i),
        3 => Attribute::Text(text(&proto.s)),
        4 => match proto.t.as_ref().map(Constant::read) {
            Some(Ok(constant)) => Attribute::Tensor(Box::new(constant)),
            Some(Err(what)) => Attribute::Other(what),
            None => Attribute::Other("it is empty".into()),
        },
        6 => Attribute::Floats(proto.floats),
        7 => Attribute::Ints(proto.ints),
        8 => Attribute::Texts(proto.strings.iter().take(MAX_OPERANDS).map(text).collect()),
        5 | 10 => Attribute::Other("it is a graph".into()),
        other => Attribute::Other(format!("it is of kind {other}")),
    }
}

/// The shape of an input; a batch of unknown size is one sample.
fn input(info: ValueInfoProto, problems: &mut Vec<Problem>) -> Option<Input> {
    let mut problem = |what: String, help: &str| {
        problems.push(Problem {
            place: format!("input \"{}\"", info.name.escape_debug()),
            what,
            help: help.into(),
        });
    };
    let tensor = info
        .r#type
        .as_ref()
        .and_then(|kind| kind.tensor_type.as_ref());
    let Some((tensor, shape)) = tensor.and_then(|tensor| Some((tensor, tensor.shape.as_ref()?)))
    else {
        problem(
            "it has no shape".into(),
            "export the model with fixed shapes",
        );
        return None;
    };
    // float32, float16, float64: all are computed in f32 here.
    if !matches!(tensor.elem_type, 1 | 10 | 11) {
        problem(
            format!("it is {}", type_name(tensor.elem_type)),
            "only float inputs are supported; where data are integers, let the model begin behind the cast",
        );
        return None;
    }
    if shape.dim.len() > MAX_RANK {
        problem(
            format!("it has {} axes", shape.dim.len()),
            "at most 8 are supported",
        );
        return None;
    }
    let mut dims = Vec::with_capacity(shape.dim.len());
    for (axis, dim) in shape.dim.iter().enumerate() {
        match dim.dim_value.map(usize::try_from) {
            Some(Ok(size @ 1..=0xff_ffff)) => dims.push(size),
            // What a batch is called, or its number left open.
            Some(Ok(0) | Err(_)) | None if axis == 0 && shape.dim.len() > 1 => dims.push(1),
            _ => {
                let size = match (&dim.dim_param, dim.dim_value) {
                    (Some(name), _) => format!("`{}`", name.escape_debug()),
                    (None, Some(size)) => size.to_string(),
                    (None, None) => "unknown".into(),
                };
                problem(
                    format!("its axis {axis} has the size {size}"),
                    "export the model with fixed shapes",
                );
                return None;
            }
        }
    }
    Some(Input {
        name: info.name,
        dims,
    })
}
