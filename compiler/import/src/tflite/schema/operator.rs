//! Operators, their codes and operands.

use super::limit;
use super::tensor::MAX_TENSORS;
use crate::ImportError;
use crate::tflite::flatbuffer::{Field, Malformed, Table};
use crate::tflite::names;

/// Most operators of a graph.
const MAX_OPERATORS: usize = 1 << 14;
/// Most tensors read or written by one operator.
const MAX_OPERANDS: usize = 1 << 10;

const MODEL_OPERATOR_CODES: Field = 1;
const GRAPH_OPERATORS: Field = 3;
const CODE_DEPRECATED_BUILTIN: Field = 0;
const CODE_CUSTOM: Field = 1;
const CODE_BUILTIN: Field = 3;
const OPERATOR_CODE: Field = 0;
const OPERATOR_INPUTS: Field = 1;
const OPERATOR_OUTPUTS: Field = 2;
const OPERATOR_OPTIONS: Field = 4;

/// `BuiltinOperator.CUSTOM`.
const CUSTOM: i32 = 32;

/// An operator as the file describes it.
pub(in crate::tflite) struct Operator<'a> {
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

/// All operators of the graph, in execution order; operands are checked against `tensors`.
pub(super) fn operators<'a>(
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
pub(super) fn indices(
    table: &Table<'_>,
    field: Field,
    tensors: usize,
) -> Result<Vec<usize>, Malformed> {
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
