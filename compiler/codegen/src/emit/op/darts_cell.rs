//! The recurrent cell that DARTS searches.

use ember_runtime::params::{CellFunction, DartsCellParams};
use quote::quote;

use super::{Constant, Place, Quoted, Values};
use crate::emit::literals::{int, rounding, scale, size};
use crate::emit::names::{LayerNames, ident};

pub(super) fn quote_layer(p: &DartsCellParams<'_>, names: &LayerNames) -> Quoted {
    let nodes = p.nodes.as_slice().iter().map(|node| {
        let from = size(usize::from(node.from));
        let function = ident(match node.function {
            CellFunction::Tanh => "Tanh",
            CellFunction::Relu => "Relu",
            CellFunction::Sigmoid => "Sigmoid",
            CellFunction::Identity => "Identity",
        });
        quote!(CellNode { from: #from, function: CellFunction::#function })
    });
    let [steps, inputs, hidden] = [p.steps, p.inputs, p.hidden].map(size);
    let (output_zero, rounding_mode) = (int(p.output_zero), rounding(p.rounding));
    let stateful = p.stateful;
    let output = scale(p.output);
    let [weights, bias, mantissas, exponents, sigmoid] =
        ["WEIGHTS", "BIAS", "MANTISSAS", "EXPONENTS", "SIGMOID"]
            .map(|suffix| names.constant(suffix));
    let params = quote!(DartsCellParams {
        nodes: CellNodes::new(&[#(#nodes),*]),
        steps: #steps,
        inputs: #inputs,
        hidden: #hidden,
        output_zero: #output_zero,
        stateful: #stateful,
        rounding: #rounding_mode,
        output: #output,
        weights: &params::#weights,
        bias: &params::#bias,
        mantissas: &params::#mantissas,
        exponents: &params::#exponents,
        sigmoid: &params::#sigmoid,
    });
    let constant = |suffix: &str, what: String, values| Constant {
        name: names.constant(suffix),
        stem: format!("{}_{}", names.stem, suffix.to_lowercase()),
        what,
        values,
        place: Place::Flash,
    };
    Quoted {
        kernel: "darts_cell_s8",
        role: "DartsCell",
        params_type: "DartsCellParams",
        types: &["CellFunction", "CellNode", "CellNodes"],
        borrows: true,
        params,
        rounding: Some(p.rounding),
        scale: true,
        constants: vec![
            constant(
                "WEIGHTS",
                format!(
                    "Weights, [2, {}, {}]: gate and value, unit, inputs and what each gated step reads.",
                    p.hidden,
                    p.row_len()
                ),
                Values::Bytes(p.weights.to_vec()),
            ),
            constant(
                "BIAS",
                "Biases per gated step and row, that of inputs less zero point times the sum of the weights."
                    .to_owned(),
                Values::Words(p.bias.to_vec()),
            ),
            constant(
                "MANTISSAS",
                "Mantissas of the factors from a part of a row to its sum, Q0.31.".to_owned(),
                Values::Words(p.mantissas.to_vec()),
            ),
            constant(
                "EXPONENTS",
                "Powers of two of the factors; positive is a left shift.".to_owned(),
                Values::Bytes(p.exponents.to_vec()),
            ),
            constant(
                "SIGMOID",
                "The logistic function in steps of 1/24, Q0.16.".to_owned(),
                Values::Halves(p.sigmoid.to_vec()),
            ),
        ],
        packing: None,
    }
}
