//! FULLY_CONNECTED. Inputs: any tensor read as one vector, `[out, in]` weights, optional bias.

use ember_ir::{Dense, Op, QuantParams};

use super::Lowered;
use super::site::Site;
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
    let bias = site.bias(out_features);
    let elements = input.1.shape.elements();
    if elements != in_features {
        let rows = elements > in_features && elements.is_multiple_of(in_features);
        site.problem(
            match rows {
                true => format!(
                    "it is applied to {} rows of {in_features}, only one is supported",
                    elements / in_features
                ),
                false => format!("its weights read {in_features} values, its input has {elements}"),
            },
            "flatten its input, or use a 1×1 convolution",
        );
        return None;
    }
    let op = Op::Dense(Dense {
        out_features,
        activation: activation?,
    });
    let params = QuantParams {
        weights: weights.values,
        scales: weights.scales,
        bias: bias?,
    };
    site.finish(op, &[input], Some(params))
}
