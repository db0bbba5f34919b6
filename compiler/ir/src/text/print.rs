//! Graph → text.

use std::fmt::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::VERSION;
use super::write_op::op_attributes;
use crate::{Element, Graph, Node, Op, Quant, QuantGraph, QuantParams, Rounding, WeightType};

/// Base64 characters, or decimal numbers, per line.
const LINE: usize = 96;
const NUMBERS: usize = 12;

/// The text of an int8 network; [`super::parse()`] reads it back to the same bits.
pub fn print(network: &QuantGraph) -> String {
    let mut text = String::new();
    write_network(&mut text, &network.graph, Some(network)).expect("BUG: a String refused text");
    text
}

/// The text of a topology: the same lines without quantisation and weights; [`super::parse_graph`] reads it
/// back.
pub fn print_graph(graph: &Graph) -> String {
    let mut text = String::new();
    write_network(&mut text, graph, None).expect("BUG: a String refused text");
    text
}

/// An operator with its attributes, as a line has them: `conv2d kernel=3x3 channels=8 act=relu`.
pub fn print_op(op: &Op) -> String {
    let attributes = op_attributes(op).into_iter();
    let words = attributes.map(|(key, value)| format!(" {key}={value}"));
    format!("{}{}", op.name(), words.collect::<String>())
}

fn write_network(out: &mut String, graph: &Graph, network: Option<&QuantGraph>) -> fmt::Result {
    writeln!(out, "ember {VERSION}\nmodel {}", graph.name)?;
    let quant = |id: crate::TensorId| network.map(|n| n.quants[id.0]);
    for &id in &graph.inputs {
        let tensor = graph.tensor(id);
        write!(out, "input {} {}", tensor.name, tensor.shape)?;
        write_element(out, tensor.element)?;
        write_quant(out, quant(id))?;
        writeln!(out)?;
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        write_node(out, graph, node)?;
        write_element(out, graph.tensor(node.output).element)?;
        write_quant(out, quant(node.output))?;
        match network.map(|n| n.roundings[index]) {
            None | Some(Rounding::Single) => {}
            Some(Rounding::TfLite) => write!(out, " rounding=tflite")?,
            Some(Rounding::Wide) => write!(out, " rounding=wide")?,
        }
        writeln!(out)?;
        if let Some(params) = network.and_then(|n| n.params[index].as_ref()) {
            write_params(out, params)?;
        }
    }
    for &id in &graph.outputs {
        writeln!(out, "output {}", graph.tensor(id).name)?;
    }
    Ok(())
}

fn write_node(out: &mut String, graph: &Graph, node: &Node) -> fmt::Result {
    write!(out, "{} = {}", graph.node_name(node), node.op.name())?;
    for &input in &node.inputs {
        write!(out, " {}", graph.tensor(input).name)?;
    }
    for (key, value) in op_attributes(&node.op) {
        write!(out, " {key}={value}")?;
    }
    match node.weights {
        WeightType::Int8 => {}
        WeightType::Int4 => write!(out, " weights={}", node.weights.name())?,
    }
    write!(out, " -> {}", graph.output_shape(node))
}

fn write_element(out: &mut String, element: Element) -> fmt::Result {
    match element {
        Element::Int8 => Ok(()),
        Element::Int16 => write!(out, " type={}", element.name()),
    }
}

fn write_quant(out: &mut String, quant: Option<Quant>) -> fmt::Result {
    match quant {
        Some(Quant { scale, zero_point }) => write!(out, " scale={scale} zero={zero_point}"),
        None => Ok(()),
    }
}

fn write_params(out: &mut String, params: &QuantParams) -> fmt::Result {
    let bytes: Vec<u8> = params.weights.iter().map(|&w| w as u8).collect();
    let encoded = STANDARD.encode(bytes);
    // ASCII, so any cut is a character boundary.
    let mut rest = encoded.as_str();
    let mut keyword = "weights";
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(LINE));
        writeln!(out, "  {keyword:<7} {line}")?;
        (rest, keyword) = (tail, "");
    }
    write_numbers(out, "scales", &params.scales)?;
    write_numbers(out, "bias", &params.bias)
}

fn write_numbers(out: &mut String, name: &str, values: &[impl fmt::Display]) -> fmt::Result {
    let mut keyword = name;
    for line in values.chunks(NUMBERS) {
        write!(out, "  {keyword:<7}")?;
        for value in line {
            write!(out, " {value}")?;
        }
        writeln!(out)?;
        keyword = "";
    }
    Ok(())
}
