//! Long short-term memory.

use ember_runtime::params::LstmParams;
use quote::quote;

use super::{Constant, Place, Quoted, Values};
use crate::emit::literals::{int, ints, rounding, scale, size};
use crate::emit::names::LayerNames;

pub(super) fn quote_layer(p: &LstmParams<'_>, names: &LayerNames) -> Quoted {
    let [steps, inputs, hidden] = [p.steps, p.inputs, p.hidden].map(size);
    let (output_zero, rounding_mode) = (int(p.output_zero), rounding(p.rounding));
    let clamp = ints(&p.clamp);
    let gates = p.scales.map(|[inputs, hidden]| {
        let (inputs, hidden) = (scale(inputs), scale(hidden));
        quote!([#inputs, #hidden])
    });
    let [kept, new, output] = [p.kept, p.new, p.output].map(scale);
    let (cell_bits, stateful) = (int(p.cell_bits), p.stateful);
    let [weights, bias, recurrent_bias, sigmoid] =
        ["WEIGHTS", "BIAS", "RECURRENT_BIAS", "SIGMOID"].map(|suffix| names.constant(suffix));
    let constant = |suffix: &str, what: String, values| Constant {
        name: names.constant(suffix),
        stem: format!("{}_{}", names.stem, suffix.to_lowercase()),
        what,
        values,
        place: Place::Flash,
    };
    Quoted {
        kernel: "lstm_s8",
        role: "Lstm",
        params_type: "LstmParams",
        types: &[],
        borrows: true,
        params: quote!(LstmParams {
            steps: #steps,
            inputs: #inputs,
            hidden: #hidden,
            output_zero: #output_zero,
            clamp: #clamp,
            rounding: #rounding_mode,
            scales: [#(#gates),*],
            kept: #kept,
            new: #new,
            output: #output,
            cell_bits: #cell_bits,
            stateful: #stateful,
            weights: &params::#weights,
            bias: &params::#bias,
            recurrent_bias: &params::#recurrent_bias,
            sigmoid: &params::#sigmoid,
        }),
        rounding: Some(p.rounding),
        scale: true,
        constants: vec![
            constant(
                "WEIGHTS",
                format!(
                    "Weights, [4, {}, {}]: gate (input, forget, candidate, output), unit, inputs and hidden values.",
                    p.hidden,
                    p.inputs + p.hidden
                ),
                Values::Bytes(p.weights.to_vec()),
            ),
            constant(
                "BIAS",
                "Biases, less input zero point times the sum of the inputs' weights.".to_owned(),
                Values::Words(p.bias.to_vec()),
            ),
            constant(
                "RECURRENT_BIAS",
                "Output zero point times the sum of the hidden values' weights, negated."
                    .to_owned(),
                Values::Words(p.recurrent_bias.to_vec()),
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
