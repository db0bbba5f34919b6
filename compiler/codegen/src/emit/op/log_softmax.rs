//! Logarithm of softmax over each row.

use ember_runtime::params::LogSoftmaxParams;
use quote::quote;

use super::{Constant, Place, Quoted, Values};
use crate::emit::literals::{scale, size};
use crate::emit::names::LayerNames;

pub(super) fn quote_layer(p: &LogSoftmaxParams<'_>, names: &LayerNames) -> Quoted {
    let [rows, len, farthest] = [p.rows, p.len, usize::from(p.farthest)].map(size);
    let (exps, factor) = (names.constant("EXPS"), scale(p.scale));
    Quoted {
        kernel: "log_softmax_s8",
        role: "LogSoftmax",
        params_type: "LogSoftmaxParams",
        types: &[],
        borrows: true,
        params: quote!(LogSoftmaxParams {
            rows: #rows,
            len: #len,
            exps: &params::#exps,
            scale: #factor,
            farthest: #farthest,
        }),
        rounding: None,
        scale: true,
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
