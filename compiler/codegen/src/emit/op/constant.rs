//! Values that are the same for every sample.

use quote::quote;

use super::{Place, Quoted, Values};
use crate::emit::names::LayerNames;
use crate::lower::Constant;

/// The layer that copies the values to the arena.
pub(super) fn quote_layer(layer: &Constant, names: &LayerNames) -> Quoted {
    let name = names.constant("VALUES");
    Quoted {
        kernel: "constant_s8",
        role: "Constant",
        params_type: "ConstantParams",
        types: &[],
        borrows: true,
        params: quote!(ConstantParams { values: &params::#name }),
        rounding: None,
        scale: false,
        constants: vec![values(layer, names)],
        packing: None,
    }
}

/// The values in flash.
pub(in crate::emit) fn values(layer: &Constant, names: &LayerNames) -> super::Constant {
    super::Constant {
        name: names.constant("VALUES"),
        stem: format!("{}_values", names.stem),
        what: "A tensor that is the same for every sample.".to_owned(),
        values: Values::Bytes(layer.values.clone()),
        place: Place::Flash,
    }
}
