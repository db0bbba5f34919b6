//! The parts of a TensorFlow Lite file that an int8 model needs, borrowed from its bytes. Field
//! numbers are those of the public schema (version 3).

use super::flatbuffer::{Field, Malformed, Table};
use super::names;
use crate::{ImportError, Problem};

/// Largest file.
const MAX_FILE_BYTES: usize = 256 << 20;
/// Most tensors and operators of a graph.
const MAX_TENSORS: usize = 1 << 16;
const MAX_OPERATORS: usize = 1 << 14;
/// Most bytes of constants that operators refer to. A file can refer to one constant many times, so
/// its own size does not bound this.
const MAX_CONSTANT_BYTES: usize = 64 << 20;
/// Largest rank, and most tensors read or written by one operator.
const MAX_RANK: usize = 8;
const MAX_OPERANDS: usize = 1 << 10;

const MODEL_VERSION: Field = 0;
const MODEL_OPERATOR_CODES: Field = 1;
const MODEL_SUBGRAPHS: Field = 2;
const MODEL_BUFFERS: Field = 4;
const CODE_DEPRECATED_BUILTIN: Field = 0;
const CODE_CUSTOM: Field = 1;
const CODE_BUILTIN: Field = 3;
const GRAPH_TENSORS: Field = 0;
const GRAPH_INPUTS: Field = 1;
const GRAPH_OUTPUTS: Field = 2;
const GRAPH_OPERATORS: Field = 3;
const TENSOR_SHAPE: Field = 0;
const TENSOR_TYPE: Field = 1;
const TENSOR_BUFFER: Field = 2;
const TENSOR_NAME: Field = 3;
const TENSOR_QUANTIZATION: Field = 4;
const TENSOR_IS_VARIABLE: Field = 5;
const TENSOR_SPARSITY: Field = 6;
const BUFFER_DATA: Field = 0;
const BUFFER_OFFSET: Field = 1;
const OPERATOR_CODE: Field = 0;
const OPERATOR_INPUTS: Field = 1;
const OPERATOR_OUTPUTS: Field = 2;
const OPERATOR_OPTIONS: Field = 4;

/// `BuiltinOperator.CUSTOM`.
const CUSTOM: i32 = 32;

/// A model of one graph.
pub(super) struct Model<'a> {
    pub tensors: Vec<Tensor<'a>>,
    pub operators: Vec<Operator<'a>>,
    /// Indices of tensors; checked.
    pub inputs: Vec<usize>,
    /// Indices of tensors; checked.
    pub outputs: Vec<usize>,
    graphs: usize,
}

/// A tensor as the file describes it.
pub(super) struct Tensor<'a> {
    pub name: &'a [u8],
    pub shape: Vec<i32>,
    /// `TensorType` of the schema.
    pub element: i8,
    /// The bytes of a constant.
    pub data: Option<&'a [u8]>,
    pub quantization: Option<Table<'a>>,
    pub is_variable: bool,
    pub is_sparse: bool,
}

/// An operator as the file describes it.
pub(super) struct Operator<'a> {
    pub index: usize,
    /// `BuiltinOperator` of the schema.
    pub code: i32,
    /// The name of a custom operator.
    custom: &'a [u8],
    /// Tensors read; `None` for an optional one that is absent. Indices are checked.
    pub inputs: Vec<Option<usize>>,
    /// Tensors written; indices are checked.
    pub outputs: Vec<usize>,
    pub options: Option<Table<'a>>,
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
        for (ends, what) in [(&self.inputs, "inputs"), (&self.outputs, "outputs")] {
            if ends.len() != 1 {
                problem(
                    format!("it has {} {what}", ends.len()),
                    "split it into models of one input and one output",
                );
            }
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

impl Tensor<'_> {
    /// The name as text, whatever its bytes are.
    pub fn name(&self) -> String {
        // Names are for people: the tail of a very long one helps nobody.
        String::from_utf8_lossy(&self.name[..self.name.len().min(256)]).into_owned()
    }

    /// The name of the element type.
    pub fn type_name(&self) -> &'static str {
        names::type_name(self.element)
    }
}

impl Operator<'_> {
    /// `CONV_2D`, or the name of a custom operator.
    pub fn name(&self) -> String {
        if self.code == CUSTOM {
            let custom = &self.custom[..self.custom.len().min(64)];
            return format!(
                "custom operator {}",
                String::from_utf8_lossy(custom).escape_debug()
            );
        }
        names::operator_name(self.code)
            .map_or_else(|| format!("builtin operator {}", self.code), str::to_owned)
    }
}

fn tensors<'a>(model: &Table<'a>, graph: &Table<'a>) -> Result<Vec<Tensor<'a>>, ImportError> {
    let tables = graph.tables(GRAPH_TENSORS)?;
    limit("tensors", tables.len(), MAX_TENSORS)?;
    let buffers = model.tables(MODEL_BUFFERS)?;
    limit("buffers", buffers.len(), MAX_TENSORS * 2)?;
    let buffers: Vec<Table<'a>> = buffers.iter().collect::<Result<_, _>>()?;
    let tensor = |table: Table<'a>| {
        let shape = table.scalars::<4>(TENSOR_SHAPE)?;
        if shape.len() > MAX_RANK {
            let what = format!("a tensor of rank {}, at most {MAX_RANK} exist", shape.len());
            return Err(Malformed::new(shape.at, what));
        }
        let buffer = table.u32(TENSOR_BUFFER)?.unwrap_or(0) as usize;
        let Some(buffer) = buffers.get(buffer) else {
            let what = format!(
                "buffer {buffer} does not exist, there are {}",
                buffers.len()
            );
            return Err(Malformed::new(table.offset(), what));
        };
        if buffer.u64(BUFFER_OFFSET)?.unwrap_or(0) > 1 {
            return Err(Malformed::new(
                buffer.offset(),
                "constants outside the flatbuffer (a model of 2 GB or more)",
            ));
        }
        let data = buffer.scalars::<1>(BUFFER_DATA)?.bytes();
        Ok(Tensor {
            name: table.scalars::<1>(TENSOR_NAME)?.bytes(),
            shape: shape.iter().map(i32::from_le_bytes).collect(),
            element: table.i8(TENSOR_TYPE)?.unwrap_or(0),
            data: (!data.is_empty()).then_some(data),
            quantization: table.table(TENSOR_QUANTIZATION)?,
            is_variable: table.u8(TENSOR_IS_VARIABLE)?.unwrap_or(0) != 0,
            is_sparse: table.table(TENSOR_SPARSITY)?.is_some(),
        })
    };
    Ok(tables
        .iter()
        .map(|table| table.and_then(tensor))
        .collect::<Result<_, _>>()?)
}

fn operators<'a>(
    model: &Table<'a>,
    graph: &Table<'a>,
    tensors: usize,
) -> Result<Vec<Operator<'a>>, ImportError> {
    let tables = graph.tables(GRAPH_OPERATORS)?;
    limit("operators", tables.len(), MAX_OPERATORS)?;
    let codes = model.tables(MODEL_OPERATOR_CODES)?;
    limit("operator codes", codes.len(), MAX_OPERATORS)?;
    let codes: Vec<Table<'a>> = codes.iter().collect::<Result<_, _>>()?;
    let mut operands = 0usize;
    let mut operator = |(index, table): (usize, Table<'a>)| -> Result<Operator<'a>, ImportError> {
        let code = table.u32(OPERATOR_CODE)?.unwrap_or(0) as usize;
        let Some(code) = codes.get(code) else {
            let what = format!(
                "operator code {code} does not exist, there are {}",
                codes.len()
            );
            return Err(Malformed::new(table.offset(), what).into());
        };
        // Old writers fill only the first field, and new ones both for the first 127 operators.
        let builtin = code.i32(CODE_BUILTIN)?.unwrap_or(0);
        let deprecated = i32::from(code.i8(CODE_DEPRECATED_BUILTIN)?.unwrap_or(0));
        let inputs = optional_indices(&table, OPERATOR_INPUTS, tensors)?;
        let outputs = indices(&table, OPERATOR_OUTPUTS, tensors)?;
        operands += inputs.len() + outputs.len();
        limit("operands", operands, MAX_TENSORS * 4)?;
        Ok(Operator {
            index,
            code: builtin.max(deprecated),
            custom: code.scalars::<1>(CODE_CUSTOM)?.bytes(),
            inputs,
            outputs,
            options: table.table(OPERATOR_OPTIONS)?,
        })
    };
    tables
        .iter()
        .enumerate()
        .map(|(index, table)| operator((index, table?)))
        .collect()
}

/// A vector of tensor indices, each checked.
fn indices(table: &Table<'_>, field: Field, tensors: usize) -> Result<Vec<usize>, Malformed> {
    optional_indices(table, field, tensors)?
        .into_iter()
        .map(|index| {
            index.ok_or_else(|| Malformed::new(table.offset(), "tensor −1 where one is needed"))
        })
        .collect()
}

/// A vector of tensor indices where −1 stands for an absent tensor.
fn optional_indices(
    table: &Table<'_>,
    field: Field,
    tensors: usize,
) -> Result<Vec<Option<usize>>, Malformed> {
    let vector = table.scalars::<4>(field)?;
    if vector.len() > MAX_OPERANDS {
        let what = format!("{} operands, at most {MAX_OPERANDS} are read", vector.len());
        return Err(Malformed::new(vector.at, what));
    }
    let index = |bytes: [u8; 4]| match i32::from_le_bytes(bytes) {
        -1 => Ok(None),
        index => usize::try_from(index)
            .ok()
            .filter(|&index| index < tensors)
            .map(Some)
            .ok_or_else(|| {
                let what = format!("tensor {index} does not exist, there are {tensors}");
                Malformed::new(vector.at, what)
            }),
    };
    vector.iter().map(index).collect()
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
