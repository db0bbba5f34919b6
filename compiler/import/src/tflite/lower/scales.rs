//! The quantisation that a file gives to a tensor.

use ember_ir::Quant;

use crate::tflite::flatbuffer::{Malformed, Table};
use crate::tflite::schema::Tensor;

const QUANTIZATION_SCALE: u16 = 2;
const QUANTIZATION_ZERO_POINT: u16 = 3;
const QUANTIZATION_DETAILS: u16 = 5;
const QUANTIZATION_AXIS: u16 = 6;

/// What is wrong with a tensor, and what helps.
pub(super) type Refusal = (String, &'static str);

/// Scale and zero point of a whole tensor.
pub(super) fn quant(tensor: &Tensor<'_>) -> Result<Quant, Refusal> {
    let scales = scales(tensor, 1, 0)?;
    let zero = zero_point(tensor).map_err(damaged)?;
    let Ok(zero_point) = i8::try_from(zero) else {
        return Err((
            format!("its zero point {zero} is not an int8"),
            "export the model again",
        ));
    };
    Ok(Quant {
        scale: scales[0],
        zero_point,
    })
}

fn zero_point(tensor: &Tensor<'_>) -> Result<i64, Malformed> {
    let Some(table) = &tensor.quantization else {
        return Ok(0);
    };
    let zeros = table.scalars::<8>(QUANTIZATION_ZERO_POINT)?;
    Ok(zeros.get(0).map_or(0, i64::from_le_bytes))
}

/// The scales of a tensor: one, or `channels` along `axis`. All are finite and positive.
pub(super) fn scales(
    tensor: &Tensor<'_>,
    channels: usize,
    axis: usize,
) -> Result<Vec<f32>, Refusal> {
    let unquantized = || {
        (
            "it has no scale".to_owned(),
            "convert the model with full-integer int8 quantisation",
        )
    };
    let table = tensor.quantization.as_ref().ok_or_else(unquantized)?;
    let stored = table.scalars::<4>(QUANTIZATION_SCALE).map_err(damaged)?;
    if stored.len() == 0 {
        return Err(unquantized());
    }
    if table
        .table(QUANTIZATION_DETAILS)
        .map_err(damaged)?
        .is_some()
    {
        return Err((
            "it has a custom or blockwise quantisation".into(),
            "use one scale per tensor or per output channel",
        ));
    }
    if stored.len() != 1 && stored.len() != channels {
        return Err((
            format!("it has {} scales for {channels} channels", stored.len()),
            "use one scale per tensor or per output channel",
        ));
    }
    let stored_axis = table.i32(QUANTIZATION_AXIS).map_err(damaged)?.unwrap_or(0);
    if stored.len() != 1 && usize::try_from(stored_axis) != Ok(axis) {
        return Err((
            format!("its scales run along axis {stored_axis}"),
            "use scales along the output channels",
        ));
    }
    let scales: Vec<f32> = stored.iter().map(f32::from_le_bytes).collect();
    match scales
        .iter()
        .find(|scale| !(scale.is_normal() && **scale > 0.0))
    {
        Some(scale) => Err((
            format!("its scale {scale} is not a positive finite number"),
            "export the model again",
        )),
        None => Ok(scales),
    }
}

/// Whether all zero points of a constant are 0.
pub(super) fn is_symmetric(table: &Table<'_>) -> Result<bool, Malformed> {
    let zeros = table.scalars::<8>(QUANTIZATION_ZERO_POINT)?;
    Ok(zeros.iter().all(|zero| i64::from_le_bytes(zero) == 0))
}

pub(super) fn damaged(error: Malformed) -> Refusal {
    (
        format!("its quantisation is damaged ({error})"),
        "export the model again",
    )
}
