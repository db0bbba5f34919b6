//! QuantizeLinear and DequantizeLinear: integers that the file prescribes. Around values they say how a tensor
//! is quantised; behind constants they say what integers the weights are.

use ember_ir::{Function, Op, Quant, Unary};

use crate::onnx::constant::{Constant, IntType, Scales, Values};
use crate::onnx::site::{EXPORT_AGAIN, Site};

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
    let axis = match scales.len() {
        1 => 0,
        _ => site.axis(axis, data.dims.len())?,
    };
    let size = data.dims.get(axis).copied().unwrap_or(1);
    let fits = zeros.len() == scales.len()
        && (scales.len() == 1 || scales.len() == size)
        && scales.iter().all(|scale| scale.is_normal() && *scale > 0.0);
    site.require(
        fits,
        &format!(
            "{} scales and {} zero points for {:?}",
            scales.len(),
            zeros.len(),
            data.dims
        ),
        "one positive scale, or one per index of its axis, is supported",
    )?;
    let inner: usize = data.dims.iter().skip(axis + 1).product();
    let channel = |at: usize| match scales.len() {
        1 => 0,
        _ => at / inner.max(1) % size.max(1),
    };
    let real = values.iter().enumerate().map(|(at, &value)| {
        let channel = channel(at);
        value.saturating_sub(zeros[channel]) as f32 * scales[channel]
    });
    Some(Constant {
        dims: data.dims.clone(),
        values: Values::Float(real.collect()),
        scales: Some(Scales {
            values: scales,
            axis,
        }),
    })
}

/// Writes a value as integers: the tensor has these parameters. Integers of others are requantised.
pub(super) fn quantize(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let quant = parameters(site, 1, 2)?;
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
    // The integers stand for one tensor: nothing is fused behind them.
    site.pass(&data, view)
}

/// Reads integers as real numbers: the value stays what it is.
pub(super) fn dequantize(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let quant = parameters(site, 1, 2)?;
    let known = site.to.quants.get(&data.view.tensor).copied();
    site.require(
        known == Some(quant),
        "it reads a value with other parameters than it was written with",
        "quantise and dequantise with the same parameters",
    )?;
    let view = data.view.clone();
    site.pass(&data, view)
}

/// Scale and zero point of a tensor as int8; unsigned bytes are moved down by 128.
pub(super) fn parameters(site: &mut Site<'_>, scale: usize, zero: usize) -> Option<Quant> {
    let scale = site.constant(scale, "scale")?;
    let zero = site.optional(zero, "zero point")?;
    // Without a zero point, QuantizeLinear writes unsigned bytes.
    let (zero, kind) = match zero.as_deref() {
        None => (Some(0), IntType::Uint8),
        Some(Constant {
            values: Values::Int(values, kind),
            ..
        }) if values.len() == 1 => (Some(values[0]), *kind),
        Some(_) => (None, IntType::Other),
    };
    let zero = zero.and_then(|zero| match kind {
        IntType::Int8 => i8::try_from(zero).ok(),
        IntType::Uint8 => i8::try_from(zero - 128).ok(),
        IntType::Int32 | IntType::Other => None,
    });
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
    Some(Quant { scale, zero_point })
}
