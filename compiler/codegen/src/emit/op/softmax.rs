//! Softmax over each row.

use ember_runtime::params::SoftmaxParams;
use quote::quote;

use super::{Constant, Place, Quoted, Values};
use crate::emit::literals::size;
use crate::emit::names::LayerNames;

pub(super) fn quote_layer(p: &SoftmaxParams<'_>, names: &LayerNames) -> Quoted {
    let (rows, len) = (size(p.rows), size(p.len));
    let exps = names.constant("EXPS");
    Quoted {
        kernel: "softmax_s8",
        role: "Softmax",
        params_type: "SoftmaxParams",
        types: &[],
        borrows: true,
        params: quote!(SoftmaxParams { rows: #rows, len: #len, exps: &params::#exps }),
        rounding: None,
        scale: false,
        constants: vec![Constant {
            name: exps,
            stem: format!("{}_exps", names.stem),
            what: "exp of the distance to the maximum, Q0.31.".to_owned(),
            values: Values::Words(p.exps.to_vec()),
            place: Place::Flash,
        }],
        packing: None,
    }
}
