//! Elements elsewhere.

use ember_runtime::params::CopyParams;
use quote::quote;

use super::{Constant, Place, Quoted, Values};
use crate::emit::literals::int;
use crate::emit::names::LayerNames;

pub(super) fn quote_layer(p: &CopyParams<'_>, names: &LayerNames) -> Quoted {
    let fill = match p.fill {
        Some(value) => {
            let value = int(value);
            quote!(Some(#value))
        }
        None => quote!(None),
    };
    let pieces = names.constant("PIECES");
    Quoted {
        kernel: "copy_s8",
        role: "Copy",
        params_type: "CopyParams",
        types: &[],
        borrows: true,
        params: quote!(CopyParams { fill: #fill, pieces: &params::#pieces }),
        rounding: None,
        scale: false,
        constants: vec![Constant {
            name: pieces,
            stem: format!("{}_pieces", names.stem),
            what: "Pieces: input, read, write, run, then count, read and write step of four axes."
                .to_owned(),
            values: Values::Words(p.pieces.to_vec()),
            place: Place::Flash,
        }],
        packing: None,
    }
}
