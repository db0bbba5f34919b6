//! Constants spread over a value: one for each of its elements, and where these are integers a tensor beside it.

use ember_ir::{Constant as ConstantOp, FloatParams, Op, Quant, Shape, TensorId};

use crate::onnx::constant::{Constant, Scales};
use crate::onnx::lowering::Data;
use crate::onnx::site::{EXPORT_AGAIN, Site};

/// A constant for each element of a value, in its order.
pub(super) fn broadcast(site: &mut Site<'_>, data: &Data, constant: &Constant) -> Option<Vec<f32>> {
    let sizes = data.view.sizes();
    let dims = &constant.dims;
    let fits = dims.len() <= sizes.len()
        && dims
            .iter()
            .rev()
            .zip(sizes.iter().rev())
            .all(|(&dim, &size)| dim == 1 || dim == size);
    site.require(
        fits,
        &format!("a constant of {dims:?} is spread over a value of {sizes:?}"),
        "constants that make a value larger are not supported",
    )?;
    site.spend(data.view.elements())?;
    let values = constant.to_floats();
    let mut strides = vec![0; sizes.len()];
    let mut stride = 1;
    for (axis, &dim) in (sizes.len() - dims.len()..sizes.len()).zip(dims).rev() {
        strides[axis] = if dim == 1 { 0 } else { stride };
        stride *= dim;
    }
    let mut places = vec![0];
    for (&size, &stride) in sizes.iter().zip(&strides) {
        places = places
            .iter()
            .flat_map(|start| (0..size).map(move |step| start + step * stride))
            .collect();
    }
    Some(places.into_iter().map(|place| values[place]).collect())
}

/// Whether a sum or product with a constant is one of integers, since the value is quantised. Then the constant is
/// a tensor, as the file has it; else it becomes weights.
pub(super) fn integers(site: &Site<'_>, data: &Data) -> bool {
    site.to.written_with(data.view.tensor).is_some()
}

/// A function of a value and a constant of which there is one per element; the constant is the left operand if
/// `is_left`.
pub(super) fn with_constant(
    site: &mut Site<'_>,
    data: &Data,
    (values, constant): (&[f32], &Constant),
    op: Op,
    is_left: bool,
) -> Option<()> {
    let spread = tensor(site, data, values, "constant")?;
    if let Some(Scales { values: scales, .. }) = &constant.scales
        && let &[scale] = scales.as_slice()
        && let Some(quant) = exact(values, scale)
    {
        site.to.quants.insert(spread, quant);
    }
    let mut inputs = [data.view.tensor, spread];
    if is_left {
        inputs.reverse();
    }
    let output = site.add(op, &inputs, None)?;
    site.write(data.view.of(output))
}

/// Parameters by which values in whole steps of a scale are these steps; `None` if they are farther apart than
/// 8 bits reach.
pub(super) fn exact(values: &[f32], scale: f32) -> Option<Quant> {
    let steps = values.iter().map(|value| (value / scale).round());
    let [low, high] = steps.fold([0.0_f32; 2], |[low, high], step| {
        [low.min(step), high.max(step)]
    });
    // Zero stays zero where there is room.
    let zero = 0.0_f32.max(-128.0 - low).min(127.0 - high);
    let fits = low + zero >= -128.0 && (-128.0..=127.0).contains(&zero);
    fits.then_some(Quant {
        scale,
        zero_point: zero as i8,
    })
}

/// Constants for each element of a value, in its order, as a tensor beside it.
pub(super) fn tensor(
    site: &mut Site<'_>,
    data: &Data,
    values: &[f32],
    what: &str,
) -> Option<TensorId> {
    site.require(
        values.iter().all(|value| value.is_finite()),
        &format!("its {what} is not finite"),
        EXPORT_AGAIN,
    )?;
    site.spend(2 * values.len())?;
    let view = &data.view;
    let stored: Vec<f32> = view.numbers().iter().map(|&at| values[at]).collect();
    // Per channel, or one for all, if that is enough to tell them apart.
    let shape = site.to.shape(view.tensor).clone();
    let last = shape.dims().last().copied().unwrap_or(1);
    let repeats = |period: usize| stored.iter().zip(&stored[period..]).all(|(x, y)| x == y);
    let (shape, weights) = match (repeats(1), repeats(last)) {
        (true, _) => (Shape::from([1]), stored[..1].to_vec()),
        (_, true) => (Shape::from([last]), stored[..last].to_vec()),
        _ => (shape, stored),
    };
    let params = FloatParams {
        weights,
        bias: Vec::new(),
    };
    let name = format!("{}_{what}", site.name());
    let op = Op::Constant(ConstantOp { shape });
    let tensor = site.to.node(&name, op, &[], Some(params));
    site.check(tensor)
}
