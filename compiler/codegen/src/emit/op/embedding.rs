//! Rows of a table.

use ember_runtime::params::EmbeddingParams;
use quote::quote;

use super::{Constant, Place, Quoted, Values};
use crate::emit::literals::size;
use crate::emit::names::LayerNames;

pub(super) fn quote_layer(p: &EmbeddingParams<'_>, names: &LayerNames) -> Quoted {
    let [len, width] = [p.len, p.width].map(size);
    let rows = names.constant("ROWS");
    Quoted {
        kernel: "embedding_s8",
        role: "Embedding",
        params_type: "EmbeddingParams",
        types: &[],
        borrows: true,
        params: quote!(EmbeddingParams { len: #len, width: #width, values: &params::#rows }),
        rounding: None,
        scale: false,
        constants: vec![Constant {
            name: rows,
            stem: format!("{}_rows", names.stem),
            what: "The row of each number from 0 on, one after the other.".to_owned(),
            values: Values::Bytes(p.values.to_vec()),
            place: Place::Flash,
        }],
        packing: None,
    }
}
