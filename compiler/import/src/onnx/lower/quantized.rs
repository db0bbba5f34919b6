//! QLinearConv and QLinearMatMul: a layer with the parameters of all its tensors among its operands.

use std::rc::Rc;

use super::{conv, matmul, quantize};
use crate::onnx::constant::{Constant, Values};
use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::Site;

pub(super) fn conv(site: &mut Site<'_>) -> Option<()> {
    let data = input(site)?;
    let weights = weights(site, 0)?;
    let bias = match site.optional(8, "bias")? {
        None => None,
        Some(bias) => Some(biases(site, &bias, &weights)?),
    };
    conv::convolve(site, &data, &weights, bias.as_ref())?;
    output(site)
}

pub(super) fn matmul(site: &mut Site<'_>) -> Option<()> {
    let data = input(site)?;
    let axis = site
        .constant(3, "second input")?
        .dims
        .len()
        .saturating_sub(1);
    let weights = weights(site, axis as i64)?;
    matmul::product(site, &data, &weights)?;
    output(site)
}

/// Operands 0 to 2: a value that was written with these parameters.
fn input(site: &mut Site<'_>) -> Option<Data> {
    let data = site.activation(0)?;
    let quant = quantize::parameters(site, 1, 2)?;
    let known = site.to.quants.get(&data.view.tensor).copied();
    site.require(
        known == Some(quant),
        "it reads a value with other parameters than it was written with",
        "quantise and dequantise with the same parameters",
    )?;
    Some(data)
}

/// Operands 3 to 5 as real numbers.
fn weights(site: &mut Site<'_>, axis: i64) -> Option<Constant> {
    let data: Rc<Constant> = site.constant(3, "weights")?;
    let scale = site.constant(4, "scale of the weights")?;
    let zero = site.optional(5, "zero point of the weights")?;
    quantize::constant(site, &data, (&scale, zero.as_deref()), axis)
}

/// Biases in steps of the input's and the weights' scales as real numbers.
fn biases(site: &mut Site<'_>, bias: &Constant, weights: &Constant) -> Option<Constant> {
    let input = quantize::parameters(site, 1, 2)?.scale;
    let (Values::Int(values, _), Some(scales)) = (&bias.values, &weights.scales) else {
        site.problem("its bias is not an integer", "quantise it to int32");
        return None;
    };
    let scale = |channel: usize| {
        let several = scales.values.get(channel);
        *several.unwrap_or(&scales.values[0])
    };
    let real = values.iter().enumerate();
    let real = real.map(|(channel, &value)| value as f32 * (input * scale(channel)));
    Some(Constant::floats(bias.dims.clone(), real.collect()))
}

/// Operands 6 and 7: the parameters of what was written.
fn output(site: &mut Site<'_>) -> Option<()> {
    let quant = quantize::parameters(site, 6, 7)?;
    let name = site.output(0)?.to_owned();
    if let Some(Value::Activation(data)) = site.to.values.get(&name) {
        let tensor = data.view.tensor;
        site.to.quants.insert(tensor, quant);
    }
    Some(())
}
