//! Tensors and the constants in them.

use super::limit;
use crate::ImportError;
use crate::tflite::flatbuffer::{Field, Malformed, Table};
use crate::tflite::names;

/// Most tensors of a graph.
pub(super) const MAX_TENSORS: usize = 1 << 16;
/// Largest rank.
const MAX_RANK: usize = 8;

const MODEL_BUFFERS: Field = 4;
const GRAPH_TENSORS: Field = 0;
const TENSOR_SHAPE: Field = 0;
const TENSOR_TYPE: Field = 1;
const TENSOR_BUFFER: Field = 2;
const TENSOR_NAME: Field = 3;
const TENSOR_QUANTIZATION: Field = 4;
const TENSOR_IS_VARIABLE: Field = 5;
const TENSOR_SPARSITY: Field = 6;
const BUFFER_DATA: Field = 0;
const BUFFER_OFFSET: Field = 1;

/// A tensor as the file describes it.
pub(in crate::tflite) struct Tensor<'a> {
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

/// All tensors of the graph.
pub(super) fn tensors<'a>(
    model: &Table<'a>,
    graph: &Table<'a>,
) -> Result<Vec<Tensor<'a>>, ImportError> {
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
