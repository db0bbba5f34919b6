//! Operators on integers with the parameters of all their tensors among the operands: ONNX's QLinearConv and
//! QLinearMatMul, and those that ONNX Runtime adds to them (com.microsoft). Each is the operator on real numbers
//! between parameters that its tensors get.

use std::rc::Rc;

use ember_ir::{Function, Op, Quant, Real, Softmax};

use super::arithmetic::{self, Operands};
use super::{conv, matmul, movement, pool, product, quantize, softmax, unary};
use crate::onnx::constant::{Constant, IntType, Values};
use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::{EXPORT_AGAIN, Site};

pub(super) fn conv(site: &mut Site<'_>) -> Option<()> {
    let (data, quant) = input(site, 0)?;
    no_channels_last(site)?;
    let weights = weights(site, 0)?;
    let bias = match site.optional(8, "bias")? {
        None => None,
        Some(bias) => Some(biases(site, &bias, quant, &weights)?),
    };
    conv::convolve(site, &data, &weights, bias.as_ref())?;
    output(site, 6)
}

pub(super) fn matmul(site: &mut Site<'_>) -> Option<()> {
    let (data, _) = input(site, 0)?;
    if let Some(Value::Activation(_)) = site.value(3) {
        input(site, 3)?;
        product::product(site, [0, 3])?;
        return output(site, 6);
    }
    let axis = site
        .constant(3, "second input")?
        .dims
        .len()
        .saturating_sub(1);
    let weights = weights(site, axis as i64)?;
    matmul::product(site, &data, &weights)?;
    output(site, 6)
}

/// Without parameters of its own the output is real numbers.
pub(super) fn gemm(site: &mut Site<'_>) -> Option<()> {
    let (data, quant) = input(site, 0)?;
    // Where the outputs lie.
    let axis = i64::from(site.int("transB", 0) == 0);
    let weights = weights(site, axis)?;
    let bias = match site.optional(6, "bias")? {
        None => None,
        Some(bias) => Some(biases(site, &bias, quant, &weights)?),
    };
    // The bias is a part of the sum that `alpha` scales.
    let beta = site.float("alpha", 1.0);
    matmul::multiplied(site, &data, &weights, bias.as_ref(), beta)?;
    match site.operand(7) {
        Some(_) => output(site, 7),
        None => Some(()),
    }
}

pub(super) fn add(site: &mut Site<'_>) -> Option<()> {
    let operands = operands(site)?;
    arithmetic::added(site, operands)?;
    output(site, 6)
}

pub(super) fn mul(site: &mut Site<'_>) -> Option<()> {
    let operands = operands(site)?;
    arithmetic::multiplied(site, operands)?;
    output(site, 6)
}

pub(super) fn sigmoid(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Logistic)
}

pub(super) fn leaky_relu(site: &mut Site<'_>) -> Option<()> {
    let alpha = Real::new(site.float("alpha", 0.01));
    function(site, Function::LeakyRelu { alpha })
}

fn function(site: &mut Site<'_>, function: Function) -> Option<()> {
    let (data, _) = input(site, 0)?;
    unary::apply(site, &data, function)?;
    output(site, 3)
}

pub(super) fn softmax(site: &mut Site<'_>) -> Option<()> {
    let (data, _) = input(site, 0)?;
    // Which version of Softmax it is, whatever that of the model.
    let is_old = site.int("opset", 13) < 13;
    softmax::over(site, &data, Op::Softmax(Softmax {}), -1, is_old)?;
    output(site, 3)
}

pub(super) fn average_pool(site: &mut Site<'_>) -> Option<()> {
    let (data, _) = input(site, 0)?;
    no_channels_last(site)?;
    pool::averaged(site, &data)?;
    output(site, 3)
}

pub(super) fn global_average_pool(site: &mut Site<'_>) -> Option<()> {
    let (data, _) = input(site, 0)?;
    no_channels_last(site)?;
    pool::globally_averaged(site, &data)?;
    output(site, 3)
}

/// Operands 0 and 1 are the output's parameters, then come three for each input.
pub(super) fn concat(site: &mut Site<'_>) -> Option<()> {
    site.require(
        site.node.inputs.len() % 3 == 2,
        &format!("it has {} operands", site.node.inputs.len()),
        EXPORT_AGAIN,
    )?;
    let mut all = Vec::new();
    for slot in (2..site.node.inputs.len()).step_by(3) {
        all.push(input(site, slot)?.0);
    }
    movement::joined(site, &all)?;
    output(site, 0)
}

/// Three operands: a value that was written with these parameters.
fn input(site: &mut Site<'_>, slot: usize) -> Option<(Data, Quant)> {
    quantize::read(site, (slot, slot + 1, slot + 2))
}

/// Operands 0 to 2 and 3 to 5, of which one may be a constant.
fn operands(site: &mut Site<'_>) -> Option<Operands> {
    let is_constant = [0, 3].map(|slot| matches!(site.value(slot), Some(Value::Constant(_))));
    Some(match is_constant {
        [true, _] => Operands::Left(Rc::new(constant(site, 0)?), input(site, 3)?.0),
        [_, true] => Operands::Right(input(site, 0)?.0, Rc::new(constant(site, 3)?)),
        _ => Operands::Both(input(site, 0)?.0, input(site, 3)?.0),
    })
}

/// Three operands as real numbers.
fn constant(site: &mut Site<'_>, slot: usize) -> Option<Constant> {
    let data = site.constant(slot, "input")?;
    let scale = site.constant(slot + 1, "scale")?;
    let zero = site.optional(slot + 2, "zero point")?;
    quantize::constant(site, &data, (&scale, zero.as_deref()), 0)
}

/// Operands 3 to 5 as real numbers.
fn weights(site: &mut Site<'_>, axis: i64) -> Option<Constant> {
    let data: Rc<Constant> = site.constant(3, "weights")?;
    let scale = site.constant(4, "scale of the weights")?;
    let zero = site.optional(5, "zero point of the weights")?;
    quantize::constant(site, &data, (&scale, zero.as_deref()), axis)
}

/// Biases in steps of the input's and the weights' scales as real numbers, one per output.
fn biases(
    site: &mut Site<'_>,
    bias: &Constant,
    input: Quant,
    weights: &Constant,
) -> Option<Constant> {
    let (Values::Int(values, _), Some(scales)) = (&bias.values, &weights.scales) else {
        site.problem("its bias is not an integer", "quantise it to int32");
        return None;
    };
    let scales = &scales.values;
    // One bias for all outputs becomes one for each, since their steps differ.
    let (dims, count) = match values.len() {
        1 => (vec![scales.len()], scales.len()),
        count => (bias.dims.clone(), count),
    };
    let real = (0..count).map(|at| {
        let step = input.scale * scales[at % scales.len()];
        values[at % values.len()] as f32 * step
    });
    Some(Constant::floats(dims, real.collect()))
}

/// What was written gets the parameters in operands `slot` and `slot + 1`.
fn output(site: &mut Site<'_>, slot: usize) -> Option<()> {
    // Without a zero point it is of the type of the inputs.
    let inputs = site.node.inputs.iter();
    let mut kinds = inputs.filter_map(|name| site.to.integers.get(name).copied());
    let kind = kinds.next().unwrap_or(IntType::Other);
    let (quant, kind) = quantize::parameters(site, (slot, slot + 1), kind)?;
    let name = site.output(0)?.to_owned();
    let Some(Value::Activation(data)) = site.to.values.get(&name).cloned() else {
        return Some(());
    };
    let view = quantize::prescribe(site, &data, quant)?;
    quantize::mark(site, kind);
    site.pass(&data, view)
}

fn no_channels_last(site: &mut Site<'_>) -> Option<()> {
    site.require(
        site.int("channels_last", 0) == 0,
        "its channels come last (channels_last = 1)",
        "save the model before it is optimised for one processor: channels come first in ONNX",
    )
}
