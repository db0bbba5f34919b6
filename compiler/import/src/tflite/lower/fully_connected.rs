//! FULLY_CONNECTED. Inputs: any tensor, read in memory order as one vector or as several of the weights' length;
//! `[out, in]` weights, optional bias.

use ember_ir::{Dense, Op};

use super::Lowered;
use super::site::Site;
use super::weights::WideSums;
use crate::tflite::flatbuffer::Table;

const FUSED: u16 = 0;
const WEIGHTS_FORMAT: u16 = 1;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 3)?;
    let activation = site.fused(FUSED);
    let weights = site.weights::<2>(0);
    let input = site.activation(0);
    if site.attribute(WEIGHTS_FORMAT, 0, Table::i8)? != 0 {
        site.problem(
            "its weights are shuffled",
            "convert the model with plain int8 weights",
        );
        return None;
    }
    let (weights, input) = (weights?, input?);
    let [out_features, in_features] = weights.shape;
    let bias = site.bias(out_features, WideSums::Always);
    let elements = input.1.shape.elements();
    let over_rows = elements > in_features;
    // Rows are those of the last axis: others would have to be reshaped first.
    let fits = match over_rows {
        true => input.1.shape.dims().last() == Some(&in_features),
        false => elements == in_features,
    };
    if !fits {
        let what = format!(
            "its weights read {in_features} values, its input is {}",
            input.1.shape
        );
        site.problem(
            what,
            "reshape its input so that its last axis has these values",
        );
        return None;
    }
    let op = Op::Dense(Dense {
        over_rows,
        out_features,
        activation: activation?,
    });
    let (bias, rounding) = bias?;
    let params = weights.numbers.with(bias)?;
    let lowered = site.finish(op, &[input], Some(params))?;
    Some(Lowered {
        rounding,
        ..lowered
    })
}
