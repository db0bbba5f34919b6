//! A table of 256 entries.

use ember_runtime::params::LookupParams;
use quote::quote;

use super::{Constant, Place, Quoted, Values};
use crate::emit::literals::size;
use crate::emit::names::LayerNames;

pub(super) fn quote_layer(p: &LookupParams<'_>, names: &LayerNames) -> Quoted {
    let len = size(p.len);
    let table = names.constant("TABLE");
    Quoted {
        kernel: "lookup_s8",
        role: "Lookup",
        params_type: "LookupParams",
        types: &[],
        borrows: true,
        params: quote!(LookupParams { len: #len, table: &params::#table }),
        rounding: None,
        scale: false,
        constants: vec![Constant {
            name: table,
            stem: format!("{}_table", names.stem),
            what: "Outputs of the inputs 0 to 127, then of −128 to −1.".to_owned(),
            values: Values::Bytes(p.table.to_vec()),
            place: Place::Flash,
        }],
        packing: None,
    }
}
