//! Rows of a table: no integers but the shape's; the rows are the output's bytes.

use ember_ir::QuantParams;
use ember_runtime::params::EmbeddingParams;

use super::Context;

/// The owned twin of [`EmbeddingParams`].
#[derive(Clone, Debug)]
pub struct Embedding {
    /// Numbers read.
    pub len: usize,
    /// Elements of a row.
    pub width: usize,
    /// The rows, one after the other.
    pub values: Vec<i8>,
}

impl Embedding {
    /// What the kernel takes.
    pub fn params(&self) -> EmbeddingParams<'_> {
        EmbeddingParams {
            len: self.len,
            width: self.width,
            values: &self.values,
        }
    }
}

pub(super) fn lower(context: &Context<'_>, width: usize, params: &QuantParams) -> Embedding {
    Embedding {
        len: context.graph.input_shape(context.node).elements(),
        width,
        values: params.weights.clone(),
    }
}
