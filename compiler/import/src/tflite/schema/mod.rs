//! The parts of a TensorFlow Lite file that an int8 model needs, borrowed from its bytes. Field
//! numbers are those of the public schema (version 3).

mod operator;
mod tensor;

use std::collections::BTreeSet;

use super::flatbuffer::{Field, Malformed, Table};
use crate::{ImportError, Problem};
pub(super) use operator::Operator;
use operator::{indices, operators};
pub(super) use tensor::Tensor;
use tensor::tensors;

/// Largest file.
const MAX_FILE_BYTES: usize = 256 << 20;
/// Most bytes of constants that operators refer to. A file can refer to one constant many times, so
/// its own size does not bound this.
const MAX_CONSTANT_BYTES: usize = 64 << 20;
const MODEL_VERSION: Field = 0;
const MODEL_SUBGRAPHS: Field = 2;
const GRAPH_INPUTS: Field = 1;
const GRAPH_OUTPUTS: Field = 2;

/// A model of one graph.
pub(in crate::tflite) struct Model<'a> {
    pub tensors: Vec<Tensor<'a>>,
    pub operators: Vec<Operator<'a>>,
    /// Indices of tensors; checked.
    pub inputs: Vec<usize>,
    /// Indices of tensors; checked.
    pub outputs: Vec<usize>,
    graphs: usize,
}

impl<'a> Model<'a> {
    /// Reads and bounds everything; does not judge yet whether Ember supports it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImportError> {
        limit("bytes", bytes.len(), MAX_FILE_BYTES)?;
        let model = Table::root(bytes)?;
        let version = model.u32(MODEL_VERSION)?.unwrap_or(0);
        if version != 3 {
            return Err(Malformed::new(
                model.offset(),
                format!("schema version {version}, only version 3 exists"),
            )
            .into());
        }
        let graphs = model.tables(MODEL_SUBGRAPHS)?;
        let Some(graph) = graphs.iter().next() else {
            return Err(Malformed::new(model.offset(), "the model has no graph").into());
        };
        let graph = graph?;
        let tensors = tensors(&model, &graph)?;
        let operators = operators(&model, &graph, tensors.len())?;
        let constants = operators
            .iter()
            .flat_map(|operator| operator.inputs.iter().flatten())
            .filter_map(|&tensor| tensors[tensor].data)
            .fold(0, |sum: usize, data| sum.saturating_add(data.len()));
        limit("bytes of constants", constants, MAX_CONSTANT_BYTES)?;
        let ends = |field| indices(&graph, field, tensors.len());
        Ok(Self {
            inputs: ends(GRAPH_INPUTS)?,
            outputs: ends(GRAPH_OUTPUTS)?,
            graphs: graphs.len(),
            tensors,
            operators,
        })
    }

    /// What no operator can say: problems of the model as a whole.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |what: String, help: &str| {
            problems.push(Problem {
                place: "the model".into(),
                what,
                help: help.into(),
            });
        };
        if self.graphs != 1 {
            problem(
                format!("it has {} graphs (control flow)", self.graphs),
                "convert it without IF, WHILE or CALL_ONCE",
            );
        }
        if self.inputs.len() != 1 {
            problem(
                format!("it has {} inputs", self.inputs.len()),
                "split it into models of one input",
            );
        }
        if self.outputs.is_empty() {
            problem("it has no output".into(), "export the model again");
        }
        let distinct: BTreeSet<&usize> = self.outputs.iter().collect();
        if distinct.len() != self.outputs.len() {
            problem(
                "it gives one tensor as several outputs".into(),
                "leave all but one of them out",
            );
        }
        if self.operators.is_empty() {
            problem(
                "it has no operators".into(),
                "convert a model that computes something",
            );
        }
        problems
    }
}

fn limit(what: &'static str, actual: usize, limit: usize) -> Result<(), ImportError> {
    if actual > limit {
        return Err(ImportError::TooLarge {
            what,
            limit,
            actual,
        });
    }
    Ok(())
}
