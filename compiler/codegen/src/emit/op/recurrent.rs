//! Recurrent layers and gated recurrent units.

use ember_runtime::params::{RecurrentCell, RecurrentParams};
use quote::quote;

use super::{Constant, Place, Quoted, Values};
use crate::emit::literals::{int, rounding, scale, size};
use crate::emit::names::{LayerNames, ident};

pub(super) fn quote_layer(p: &RecurrentParams<'_>, names: &LayerNames) -> Quoted {
    let (cell, gates) = match p.cell {
        RecurrentCell::RnnTanh => ("RnnTanh", ""),
        RecurrentCell::RnnRelu => ("RnnRelu", ""),
        RecurrentCell::Gru => ("Gru", "gate (update, reset, candidate), "),
        RecurrentCell::GruResetAfter => ("GruResetAfter", "gate (update, reset, candidate), "),
    };
    let cell = ident(cell);
    let [steps, inputs, hidden] = [p.steps, p.inputs, p.hidden].map(size);
    let (output_zero, rounding_mode) = (int(p.output_zero), rounding(p.rounding));
    let stateful = p.stateful;
    let output = scale(p.output);
    let [weights, bias, mantissas, exponents, sigmoid] =
        ["WEIGHTS", "BIAS", "MANTISSAS", "EXPONENTS", "SIGMOID"]
            .map(|suffix| names.constant(suffix));
    let sigmoid = match p.sigmoid {
        Some(_) => quote!(Some(&params::#sigmoid)),
        None => quote!(None),
    };
    let constant = |suffix: &str, what: String, values| Constant {
        name: names.constant(suffix),
        stem: format!("{}_{}", names.stem, suffix.to_lowercase()),
        what,
        values,
        place: Place::Flash,
    };
    let mut constants = vec![
        constant(
            "WEIGHTS",
            format!(
                "Weights, [{}, {}, {}]: {gates}unit, inputs and hidden values.",
                p.cell.gates(),
                p.hidden,
                p.inputs + p.hidden
            ),
            Values::Bytes(p.weights.to_vec()),
        ),
        constant(
            "BIAS",
            "Biases per unit of the sums over inputs and hidden values, less zero point times the sum of the weights."
                .to_owned(),
            Values::Words(p.bias.to_vec()),
        ),
        constant(
            "MANTISSAS",
            "Mantissas of the factors from these sums to a gate's, Q0.31.".to_owned(),
            Values::Words(p.mantissas.to_vec()),
        ),
        constant(
            "EXPONENTS",
            "Powers of two of the factors; positive is a left shift.".to_owned(),
            Values::Bytes(p.exponents.to_vec()),
        ),
    ];
    if let Some(table) = p.sigmoid {
        constants.push(constant(
            "SIGMOID",
            "The logistic function in steps of 1/24, Q0.16.".to_owned(),
            Values::Halves(table.to_vec()),
        ));
    }
    Quoted {
        kernel: "recurrent_s8",
        role: "Recurrent",
        params_type: "RecurrentParams",
        types: &["RecurrentCell"],
        borrows: true,
        params: quote!(RecurrentParams {
            cell: RecurrentCell::#cell,
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
            sigmoid: #sigmoid,
        }),
        rounding: Some(p.rounding),
        scale: true,
        constants,
        packing: None,
    }
}
