//! QuantizeLinear and DequantizeLinear: integers that the file prescribes. Around values they say how a tensor
//! is quantised; behind constants they say what integers the weights are.

use ember_ir::{Function, Op, Quant, Unary};

use crate::onnx::constant::{Constant, IntType, Scales, Values};
use crate::onnx::lowering::Data;
use crate::onnx::site::{EXPORT_AGAIN, Site};
use crate::onnx::view::View;

/// The real numbers of a quantised constant, which remember their steps; these change along `axis`, if there
/// are several.
pub(super) fn constant(
    site: &mut Site<'_>,
    data: &Constant,
    (scale, zero): (&Constant, Option<&Constant>),
    axis: i64,
) -> Option<Constant> {
    let Values::Int(values, _) = &data.values else {
        site.problem("its input is not an integer", EXPORT_AGAIN);
        return None;
    };
    let scales = scale.to_floats();
    let zeros = match zero {
        Some(zero) => zero.to_ints().unwrap_or_default(),
        None => vec![0; scales.len()],
    };
    let channels = channels(site, data, (scales.len(), zeros.len()), axis)?;
    let positive = scales.iter().all(|scale| scale.is_normal() && *scale > 0.0);
    site.require(
        positive,
        "its scales are not positive numbers",
        EXPORT_AGAIN,
    )?;
    let real = values.iter().enumerate().map(|(at, &value)| {
        let channel = channels.of(at);
        value.saturating_sub(zeros[channel]) as f32 * scales[channel]
    });
    Some(Constant {
        dims: data.dims.clone(),
        values: Values::Float(real.collect()),
        scales: Some(Scales {
            values: scales,
            axis: channels.axis,
        }),
    })
}

/// Which of several scales an element has.
struct Channels {
    axis: usize,
    /// Elements from one index of the axis to the next, and indices; one index if there is one scale.
    inner: usize,
    count: usize,
}

impl Channels {
    fn of(&self, at: usize) -> usize {
        at / self.inner % self.count
    }
}

/// `counts`: how many scales and zero points there are.
fn channels(
    site: &mut Site<'_>,
    data: &Constant,
    counts: (usize, usize),
    axis: i64,
) -> Option<Channels> {
    let (scales, zeros) = counts;
    let axis = match scales {
        1 => 0,
        _ => site.axis(axis, data.dims.len())?,
    };
    let size = data.dims.get(axis).copied().unwrap_or(1);
    site.require(
        zeros == scales && (scales == 1 || scales == size),
        &format!(
            "{scales} scales and {zeros} zero points for {:?}",
            data.dims
        ),
        "one positive scale, or one per index of its axis, is supported",
    )?;
    let inner: usize = data.dims.iter().skip(axis + 1).product();
    Some(Channels {
        axis,
        inner: inner.max(1),
        count: scales.max(1),
    })
}

/// The integers that QuantizeLinear makes of a constant; `axis` is that of several scales.
pub(super) fn integers(
    site: &mut Site<'_>,
    data: &Constant,
    (scale, zero): (&Constant, Option<&Constant>),
    axis: i64,
) -> Option<Constant> {
    let kind = match zero {
        Some(Constant {
            values: Values::Int(_, kind),
            ..
        }) => *kind,
        _ => IntType::Uint8,
    };
    let Some((low, high)) = kind.range() else {
        site.problem(
            "it makes integers of a constant that are not of 8 bits",
            "quantise weights to int8, and leave biases as real numbers or int32",
        );
        return None;
    };
    let scales = scale.to_floats();
    let zeros = zero.and_then(Constant::to_ints);
    let zeros = zeros.unwrap_or_else(|| vec![0; scales.len()]);
    let channels = channels(site, data, (scales.len(), zeros.len()), axis)?;
    let steps = data.to_floats().into_iter().enumerate().map(|(at, value)| {
        let channel = channels.of(at);
        // The cast saturates.
        let steps = (value / scales[channel]).round_ties_even() as i64;
        steps.saturating_add(zeros[channel]).clamp(low, high)
    });
    Some(Constant {
        dims: data.dims.clone(),
        values: Values::Int(steps.collect(), kind),
        scales: None,
    })
}

/// Writes a value as integers: the tensor has these parameters. Integers of others are requantised.
pub(super) fn quantize(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    // Without a zero point it writes unsigned bytes, or what it says itself.
    let kind = match site.int("output_dtype", 0) {
        3 => IntType::Int8,
        0 | 2 => IntType::Uint8,
        _ => IntType::Other,
    };
    let (quant, kind) = parameters(site, (1, 2), kind)?;
    let view = prescribe(site, &data, quant)?;
    mark(site, kind);
    // The integers stand for one tensor: nothing is fused behind them.
    site.pass(&data, view)
}

/// A value with these parameters: its tensor gets them, or is requantised if it has others.
pub(super) fn prescribe(site: &mut Site<'_>, data: &Data, quant: Quant) -> Option<View> {
    let tensor = data.view.tensor;
    let view = match site.to.quants.get(&tensor) {
        Some(&other) if other != quant => {
            let function = Function::Quantize;
            let output = site.add(Op::Unary(Unary { function }), &[tensor], None)?;
            data.view.of(output)
        }
        _ => data.view.clone(),
    };
    site.to.quants.insert(view.tensor, quant);
    Some(view)
}

/// What this node writes are integers.
pub(super) fn mark(site: &mut Site<'_>, kind: IntType) {
    for output in &site.node.outputs {
        site.to.integers.insert(output.clone(), kind);
    }
}

/// Reads integers as real numbers: the value stays what it is.
pub(super) fn dequantize(site: &mut Site<'_>) -> Option<()> {
    let (data, _) = read(site, (0, 1, 2))?;
    let view = data.view.clone();
    site.pass(&data, view)
}

/// Integers with their scale and zero point as the next operands: what was written with these.
pub(super) fn read(
    site: &mut Site<'_>,
    (slot, scale, zero): (usize, usize, usize),
) -> Option<(Data, Quant)> {
    let data = site.activation(slot)?;
    let kind = site.operand(slot);
    let Some(kind) = kind.and_then(|name| site.to.integers.get(name).copied()) else {
        site.problem(
            format!("its input {slot} is real numbers, where it takes integers"),
            "put a QuantizeLinear before it",
        );
        return None;
    };
    let (quant, _) = parameters(site, (scale, zero), kind)?;
    site.require(
        site.to.written_with(data.view.tensor) == Some(quant),
        "it reads a value with other parameters than it was written with",
        "quantise and dequantise with the same parameters",
    )?;
    site.to.quants.insert(data.view.tensor, quant);
    Some((data, quant))
}

/// Scale and zero point of a tensor as int8; unsigned bytes are moved down by 128. Without a zero point the
/// integers are of type `kind`.
pub(super) fn parameters(
    site: &mut Site<'_>,
    (scale, zero): (usize, usize),
    kind: IntType,
) -> Option<(Quant, IntType)> {
    let scale = site.constant(scale, "scale")?;
    let zero = site.optional(zero, "zero point")?;
    let (zero, kind) = match zero.as_deref() {
        None => (Some(0), kind),
        Some(Constant {
            values: Values::Int(values, kind),
            ..
        }) if values.len() == 1 => (Some(values[0]), *kind),
        Some(_) => (None, IntType::Other),
    };
    let zero = zero.and_then(|zero| kind.to_int8(zero));
    let scale = scale
        .scalar()
        .filter(|scale| scale.is_normal() && *scale > 0.0);
    let (Some(scale), Some(zero_point)) = (scale, zero) else {
        site.problem(
            "its scale and zero point are not those of a whole 8-bit tensor",
            "quantise activations per tensor to int8 or uint8",
        );
        return None;
    };
    Some((Quant { scale, zero_point }, kind))
}
