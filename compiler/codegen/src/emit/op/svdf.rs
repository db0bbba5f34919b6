//! Filter over the last steps of a stream.

use ember_runtime::params::SvdfParams;
use quote::quote;

use super::{Constant, Place, Quoted, Values};
use crate::emit::literals::{int, ints, rounding, scale, size};
use crate::emit::names::LayerNames;

pub(super) fn quote_layer(p: &SvdfParams<'_>, names: &LayerNames) -> Quoted {
    let [inputs, units, rank, memory] = [p.inputs, p.units, p.rank, p.memory].map(size);
    let (output_zero, rounding_mode) = (int(p.output_zero), rounding(p.rounding));
    let (clamp, kept) = (ints(&p.clamp), ints(&p.kept));
    let [feature, output] = [p.feature, p.output].map(scale);
    let [weights, offsets, time, bias] =
        ["WEIGHTS", "OFFSETS", "TIME", "BIAS"].map(|suffix| names.constant(suffix));
    let constant = |suffix: &str, what: String, values| Constant {
        name: names.constant(suffix),
        stem: format!("{}_{}", names.stem, suffix.to_lowercase()),
        what,
        values,
        place: Place::Flash,
    };
    Quoted {
        kernel: "svdf_s8",
        role: "Svdf",
        params_type: "SvdfParams",
        types: &[],
        borrows: true,
        params: quote!(SvdfParams {
            inputs: #inputs,
            units: #units,
            rank: #rank,
            memory: #memory,
            output_zero: #output_zero,
            clamp: #clamp,
            kept: #kept,
            rounding: #rounding_mode,
            feature: #feature,
            output: #output,
            weights: &params::#weights,
            offsets: &params::#offsets,
            time: &params::#time,
            bias: &params::#bias,
        }),
        rounding: Some(p.rounding),
        scale: true,
        constants: vec![
            constant(
                "WEIGHTS",
                format!("Weights, [{}, {}]: filter, input.", p.filters(), p.inputs),
                Values::Bytes(p.weights.to_vec()),
            ),
            constant(
                "OFFSETS",
                "Input zero point times the sum of a filter's weights, negated.".to_owned(),
                Values::Words(p.offsets.to_vec()),
            ),
            constant(
                "TIME",
                format!(
                    "Weights over time, [{}, {}]: filter, step, oldest first; the bits of i16.",
                    p.filters(),
                    p.memory
                ),
                Values::Halves(p.time.to_vec()),
            ),
            constant(
                "BIAS",
                "Biases of the units.".to_owned(),
                Values::Words(p.bias.to_vec()),
            ),
        ],
        packing: None,
    }
}
