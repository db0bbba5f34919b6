//! Integers between QuantizeLinear and DequantizeLinear, where a file has operators there: those that move or pick
//! elements leave them what they are, all others would take them for the numbers that they stand for.

use crate::onnx::constant::IntType;
use crate::onnx::lowering::Value;
use crate::onnx::site::Site;

/// Operators that move or pick elements: integers stay what they are.
const MOVES: [&str; 19] = [
    "Concat",
    "DepthToSpace",
    "Dropout",
    "Expand",
    "Flatten",
    "Gather",
    "GlobalMaxPool",
    "Identity",
    "MaxPool",
    "Pad",
    "ReduceMax",
    "Reshape",
    "Slice",
    "SpaceToDepth",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
];

/// Operators that read integers with their parameters.
fn reads_integers(name: &str) -> bool {
    name == "DequantizeLinear" || name == "QGemm" || name.starts_with("QLinear")
}

/// The type of the integers that this node moves as they are. Outer `None`: it computes with them, which was
/// reported.
pub(super) fn integers(site: &mut Site<'_>, operator: &str) -> Option<Option<IntType>> {
    let data = site.node.inputs.iter();
    let mut kinds = data.filter_map(|name| site.to.integers.get(name).copied());
    let Some(kind) = kinds.next().filter(|_| !reads_integers(operator)) else {
        return Some(None);
    };
    site.require(
        MOVES.contains(&operator),
        "it takes integers for the numbers that they stand for",
        "put it between DequantizeLinear and QuantizeLinear",
    )?;
    // Only Concat has several inputs of data.
    let mut written = Vec::new();
    for name in &site.node.inputs {
        if let Some(Value::Activation(data)) = site.to.values.get(name) {
            let kind = site.to.integers.get(name);
            written.push((kind, site.to.written_with(data.view.tensor)));
        }
    }
    let same = written.iter().all(|other| *other == written[0]);
    site.require(
        same,
        "it joins integers of different scales or zero points",
        "quantise all its inputs with the same parameters",
    )?;
    Some(Some(kind))
}
