//! Text → graph, in one pass over the lines. Work and memory are bounded by the length of the text.

use std::collections::BTreeMap;

use super::VERSION;
use super::attributes::{Attributes, parse_shape};
use super::line::{Line, ParseError};
use super::params::RawParams;
use crate::{
    Element, Graph, GraphBuilder, Quant, QuantGraph, Rounding, Shape, TensorId, WeightType,
};

/// Reads the text form of an int8 network. The result is well formed line by line; whether it is a
/// valid network as a whole is for [`crate::verify_quant`] to say.
pub fn parse(text: &str) -> Result<QuantGraph, ParseError> {
    read(text, Parser::default())
}

/// Reads the topology alone: scales and zero points may be missing, weights are skipped.
pub fn parse_graph(text: &str) -> Result<Graph, ParseError> {
    let parser = Parser {
        topology_only: true,
        ..Parser::default()
    };
    Ok(read(text, parser)?.graph)
}

fn read(text: &str, mut parser: Parser) -> Result<QuantGraph, ParseError> {
    for (index, raw) in text.lines().enumerate() {
        let content = raw.split('#').next().unwrap_or("").trim_end();
        let line = Line {
            number: index + 1,
            text: content,
        };
        if !content.trim().is_empty() {
            parser.line(line)?;
        }
    }
    parser.finish(text.lines().count())
}

#[derive(Default)]
struct Parser {
    topology_only: bool,
    version_seen: bool,
    builder: Option<GraphBuilder>,
    names: BTreeMap<String, TensorId>,
    quants: Vec<Quant>,
    roundings: Vec<Rounding>,
    params: Vec<Option<RawParams>>,
    outputs: Vec<TensorId>,
}

impl Parser {
    fn line(&mut self, line: Line<'_>) -> Result<(), ParseError> {
        if !self.version_seen {
            return self.version(line);
        }
        if self.builder.is_none() {
            return self.model(line);
        }
        if line.text.starts_with([' ', '\t']) {
            return self.data(line);
        }
        let mut words = line.words();
        let first = words.next().unwrap_or("");
        match (first, words.next()) {
            (_, Some("=")) => self.node(line, first),
            ("input", Some(name)) => self.input(line, name),
            ("output", Some(name)) => {
                let id = self.lookup(line, name)?;
                self.outputs.push(id);
                Ok(())
            }
            _ => Err(line.error(
                first,
                "expected 'input NAME SHAPE', 'NAME = OPERATOR …' or 'output NAME'",
            )),
        }
    }

    fn version(&mut self, line: Line<'_>) -> Result<(), ParseError> {
        let words: Vec<&str> = line.words().collect();
        match words.as_slice() {
            ["ember", VERSION] => self.version_seen = true,
            ["ember", other] => {
                return Err(line.error(
                    other,
                    format!("format version {other} is not supported; this tool reads {VERSION}"),
                ));
            }
            _ => {
                return Err(line.error(
                    line.text,
                    format!("the first line must be 'ember {VERSION}'"),
                ));
            }
        }
        Ok(())
    }

    fn model(&mut self, line: Line<'_>) -> Result<(), ParseError> {
        let words: Vec<&str> = line.words().collect();
        let ["model", name] = words.as_slice() else {
            return Err(line.error(line.text, "the second line must be 'model NAME'"));
        };
        self.builder = Some(GraphBuilder::new(*name));
        Ok(())
    }

    fn builder(&mut self) -> &mut GraphBuilder {
        self.builder.as_mut().expect("BUG: a tensor before 'model'")
    }

    fn lookup(&self, line: Line<'_>, name: &str) -> Result<TensorId, ParseError> {
        self.names
            .get(name)
            .copied()
            .ok_or_else(|| line.error(name, format!("there is no tensor '{name}' above this line")))
    }

    fn define(&mut self, line: Line<'_>, name: &str, id: TensorId) -> Result<(), ParseError> {
        match self.names.insert(name.to_owned(), id) {
            None => Ok(()),
            Some(_) => Err(line.error(name, format!("the name '{name}' is taken already"))),
        }
    }

    fn input(&mut self, line: Line<'_>, name: &str) -> Result<(), ParseError> {
        let mut words = line.words().skip(2);
        let shape = words
            .next()
            .ok_or_else(|| line.error(line.text, "an input needs a shape: input NAME 8x8x1"))?;
        let parsed = parse_shape(shape).map_err(|message| line.error(shape, message))?;
        let (mut attributes, rest) = split_attributes(line, words)?;
        if let Some(&word) = rest.first() {
            return Err(line.error(word, format!("'{word}' was not expected here")));
        }
        let element = element(line, &mut attributes)?;
        let quant = self.quant(line, &mut attributes)?;
        no_more(line, &attributes)?;
        let id = self.builder().input_as(name, parsed, element);
        self.quants.push(quant);
        self.define(line, name, id)
    }

    fn node(&mut self, line: Line<'_>, name: &str) -> Result<(), ParseError> {
        let (mut attributes, words) = split_attributes(line, line.words().skip(2))?;
        let (&op_name, rest) = words
            .split_first()
            .ok_or_else(|| line.error(line.text, "an operator is missing after '='"))?;
        let (inputs, shape) = match rest.iter().position(|&word| word == "->") {
            Some(arrow) => (&rest[..arrow], &rest[arrow + 1..]),
            None => (rest, &[][..]),
        };
        let inputs: Vec<TensorId> = inputs
            .iter()
            .map(|input| self.lookup(line, input))
            .collect::<Result<_, _>>()?;
        let first = inputs.first().map(|&id| self.builder().shape(id).clone());
        let op = attributes
            .op(op_name, first.as_ref())
            .map_err(|message| line.error(op_name, message))?;
        let rounding = match attributes.take("rounding") {
            None | Some("single") => Rounding::Single,
            Some("tflite") => Rounding::TfLite,
            Some("wide") => Rounding::Wide,
            Some(other) => {
                return Err(line.error(
                    other,
                    format!("rounding={other}; it must be single, tflite or wide"),
                ));
            }
        };
        let weights = weight_type(line, &mut attributes)?;
        let element = element(line, &mut attributes)?;
        let quant = self.quant(line, &mut attributes)?;
        no_more(line, &attributes)?;
        let id = self
            .builder()
            .node_as(name, op, &inputs, element)
            .map_err(|error| line.error(op_name, error.to_string()))?;
        self.builder().weights(weights);
        check_shape(line, shape, self.builder().shape(id))?;
        self.quants.push(quant);
        self.roundings.push(rounding);
        self.params.push(None);
        self.define(line, name, id)
    }

    fn quant(&self, line: Line<'_>, attributes: &mut Attributes<'_>) -> Result<Quant, ParseError> {
        let error = |message: String| line.error(line.text, message);
        let scale = attributes.number("scale").map_err(error)?;
        let zero_point = attributes.number("zero").map_err(error)?;
        match (scale, zero_point) {
            (Some(scale), Some(zero_point)) => Ok(Quant { scale, zero_point }),
            (None, None) if self.topology_only => Ok(Quant {
                scale: 1.0,
                zero_point: 0,
            }),
            _ => Err(error(
                "scale=… and zero=… are needed on every tensor".into(),
            )),
        }
    }

    /// An indented line: weights, scales or biases of the node above.
    fn data(&mut self, line: Line<'_>) -> Result<(), ParseError> {
        let Some(slot) = self.params.last_mut() else {
            return Err(line.error(line.text, "an indented line must follow a node"));
        };
        if self.topology_only {
            return Ok(());
        }
        slot.get_or_insert_with(RawParams::default).line(line)
    }

    fn finish(self, lines: usize) -> Result<QuantGraph, ParseError> {
        let end = |message: &str| ParseError {
            line: lines.max(1),
            column: 1,
            message: message.into(),
        };
        if !self.version_seen {
            return Err(end("the text is empty; the first line must be 'ember 1'"));
        }
        let builder = self.builder.ok_or_else(|| end("'model NAME' is missing"))?;
        if self.outputs.is_empty() {
            return Err(end("'output NAME' is missing"));
        }
        let graph = builder.finish(&self.outputs);
        let mut seeded = 0;
        let params = self
            .params
            .into_iter()
            .zip(&graph.nodes)
            .map(|(raw, node)| {
                let shape = node.op.weight_shape(graph.input_shape(node));
                raw.map(|raw| raw.decode(shape.as_ref(), &mut seeded))
                    .transpose()
            });
        Ok(QuantGraph {
            params: params.collect::<Result<_, _>>()?,
            graph,
            quants: self.quants,
            roundings: self.roundings,
        })
    }
}

/// Separates `key=value` words from the others.
fn split_attributes<'a>(
    line: Line<'a>,
    words: impl Iterator<Item = &'a str>,
) -> Result<(Attributes<'a>, Vec<&'a str>), ParseError> {
    let mut attributes = BTreeMap::new();
    let mut rest = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some((key, value)) => {
                if attributes.insert(key, value).is_some() {
                    return Err(line.error(word, format!("{key}=… stands twice")));
                }
            }
            None => rest.push(word),
        }
    }
    Ok((Attributes(attributes), rest))
}

/// The type of a tensor's elements.
fn element(line: Line<'_>, attributes: &mut Attributes<'_>) -> Result<Element, ParseError> {
    match attributes.take("type") {
        None | Some("int8") => Ok(Element::Int8),
        Some("int16") => Ok(Element::Int16),
        Some(other) => Err(line.error(other, format!("type={other}; it must be int8 or int16"))),
    }
}

/// The type of a node's weights.
fn weight_type(line: Line<'_>, attributes: &mut Attributes<'_>) -> Result<WeightType, ParseError> {
    match attributes.take("weights") {
        None | Some("int8") => Ok(WeightType::Int8),
        Some("int4") => Ok(WeightType::Int4),
        Some(other) => Err(line.error(other, format!("weights={other}; it must be int8 or int4"))),
    }
}

fn no_more(line: Line<'_>, attributes: &Attributes<'_>) -> Result<(), ParseError> {
    match attributes.0.keys().next() {
        None => Ok(()),
        Some(key) => Err(line.error(key, format!("the attribute '{key}' does not belong here"))),
    }
}

fn check_shape(line: Line<'_>, words: &[&str], actual: &Shape) -> Result<(), ParseError> {
    let Some(&text) = words.first() else {
        return Ok(());
    };
    let stated = parse_shape(text).map_err(|message| line.error(text, message))?;
    if stated != *actual {
        return Err(line.error(
            text,
            format!("the shape is {actual}, the line says {stated}"),
        ));
    }
    match words.get(1) {
        None => Ok(()),
        Some(word) => Err(line.error(word, format!("'{word}' was not expected here"))),
    }
}
