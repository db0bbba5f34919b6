//! SVDF of a stream: each invocation brings one step. Inputs: a step, weights of filters, their weights over
//! time (int16 or int8), optional bias, and the state, a variable tensor of their type, which TensorFlow Lite
//! Micro keeps from invocation to invocation.

use ember_ir::{Activation, Op, Real, Svdf};

use super::Lowered;
use super::activations::INT8;
use super::numbers::{Biases, Numbers};
use super::scales::{quant, scales};
use super::site::{EXPORT_AGAIN, Site};
use crate::tflite::flatbuffer::Table;

const RANK: u16 = 0;
const FUSED: u16 = 1;
const OVER_TIME: usize = 2;
const BIAS: usize = 3;
const STATE: usize = 4;
/// `TensorType.INT16`.
const INT16: i8 = 7;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(5, 5)?;
    if site.is_real() {
        site.problem(
            "it computes in float32, where its state has no scale",
            "convert the model with full-integer int8 quantisation",
        );
        return None;
    }
    let rank = usize::try_from(site.attribute(RANK, 0, Table::i32)?).unwrap_or(0);
    let fused = site.fused(FUSED)?;
    let input = site.activation(0)?;
    let weights = site.weights_of::<2>(1, 0)?;
    let [filters, inputs] = weights.shape;
    let Numbers::Int { values, mut scales } = weights.numbers else {
        return None;
    };
    if scales.len() != 1 {
        site.problem(
            "its weights have a scale per filter",
            "convert the model with one scale per weight tensor",
        );
        return None;
    }
    let elements = input.1.shape.elements();
    if rank == 0 || !filters.is_multiple_of(rank) || inputs != elements {
        let what = format!("{filters} filters of rank {rank} read {inputs} of {elements} values");
        site.problem(what, EXPORT_AGAIN);
        return None;
    }
    let units = filters / rank;
    let Over {
        memory,
        steps,
        kind,
    } = over_time(site, filters)?;
    scales.push(steps.1);
    let Biases::Int(mut bias) = site.bias_of(BIAS, units)? else {
        return None;
    };
    let state_scale = state(site, kind, filters * memory)?;
    bias.extend(steps.0);
    let zero_point = site.output()?.1.quant.zero_point;
    let op = Op::Svdf(Svdf {
        units,
        rank,
        memory,
        state_bits: if kind == INT8 { 8 } else { 16 },
        state_scale: Real::new(state_scale),
        // Its kernels clamp to int8 alone: a RELU is what the zero point makes of it.
        activation: match fused {
            Activation::Relu if zero_point == i8::MIN => Activation::Relu,
            _ => Activation::None,
        },
    });
    let params = Numbers::Int { values, scales }.with(Biases::Int(bias))?;
    site.finish(op, &[input], Some(params))
}

/// The weights over time.
struct Over {
    memory: usize,
    /// The integers and their scale.
    steps: (Vec<i64>, f32),
    /// Their type.
    kind: i8,
}

fn over_time(site: &mut Site<'_, '_>, filters: usize) -> Option<Over> {
    let (index, tensor) = site.required(OVER_TIME)?;
    let kind = tensor.element;
    let values: Option<Vec<i64>> = tensor.data.and_then(|data| match kind {
        INT8 => Some(
            data.iter()
                .map(|&byte| i64::from(byte.cast_signed()))
                .collect(),
        ),
        INT16 => {
            let (halves, _) = data.as_chunks();
            let halves = halves.iter().copied().map(i16::from_le_bytes);
            Some(halves.map(i64::from).collect())
        }
        _ => None,
    });
    let sizes: Vec<usize> = tensor
        .shape
        .iter()
        .filter_map(|&dim| usize::try_from(dim).ok())
        .collect();
    let fits = |values: &Vec<i64>| match sizes.as_slice() {
        &[rows, memory] => rows == filters && rows.checked_mul(memory) == Some(values.len()),
        _ => false,
    };
    let Some(values) = values.filter(|values| fits(values)) else {
        site.problem(
            format!(
                "its weights over time (tensor {index}) are {} of shape {:?}",
                tensor.type_name(),
                tensor.shape
            ),
            "constant int16 or int8 weights per filter and step are supported",
        );
        return None;
    };
    let largest = if kind == INT8 { 127 } else { 32767 };
    if values.iter().any(|&value| value < -largest) {
        let what = format!(
            "its weights over time (tensor {index}) contain {}",
            -largest - 1
        );
        site.problem(what, "convert the model with symmetric weights");
        return None;
    }
    let scale = match scales(tensor, 1, 0) {
        Ok(scales) => scales[0],
        Err((what, help)) => {
            site.problem(format!("its weights over time are refused ({what})"), help);
            return None;
        }
    };
    Some(Over {
        memory: sizes[1],
        steps: (values, scale),
        kind,
    })
}

/// The scale of the state, which is of the type of the weights over time.
fn state(site: &mut Site<'_, '_>, kind: i8, elements: usize) -> Option<f32> {
    let (index, tensor) = site.required(STATE)?;
    let mut sizes = tensor.shape.iter().map(|&dim| usize::try_from(dim).ok());
    let count = sizes.try_fold(1usize, |all, dim| all.checked_mul(dim?));
    let quant = match quant(tensor) {
        Ok(quant) => quant,
        Err((what, help)) => {
            site.problem(
                format!("its state is refused (tensor {index}: {what})"),
                help,
            );
            return None;
        }
    };
    let fits = tensor.is_variable
        && tensor.element == kind
        && quant.zero_point == 0
        && count == Some(elements);
    if !fits {
        site.problem(
            format!(
                "its state (tensor {index}) is {} of shape {:?} with zero point {}",
                tensor.type_name(),
                tensor.shape,
                quant.zero_point
            ),
            "a variable of the type of the weights over time, with zero point 0, is supported",
        );
        return None;
    }
    Some(quant.scale)
}
