//! Constants folded: what a node computes from constants alone, mostly the shapes that exporters leave as
//! arithmetic. Also Shape and Size of a value, since all sizes are known.

use std::rc::Rc;

use crate::onnx::constant::{Constant, IntType, MAX_RANK, Values};
use crate::onnx::lowering::Value;
use crate::onnx::site::{EXPORT_AGAIN, Site};
use crate::onnx::view::View;

/// Folds this node if it has nothing but constants; whether it did. `None`: a problem was reported.
pub(super) fn fold(site: &mut Site<'_>) -> Option<bool> {
    if matches!(site.node.op.as_str(), "Shape" | "Size") {
        return sizes(site).map(|()| true);
    }
    let mut inputs = Vec::with_capacity(site.node.inputs.len());
    for slot in 0..site.node.inputs.len() {
        match site.value(slot) {
            Some(Value::Constant(constant)) => inputs.push(Some(constant)),
            None => inputs.push(None),
            Some(_) => return Some(false),
        }
    }
    let elements = inputs.iter().flatten().map(|constant| constant.len());
    site.spend(elements.sum())?;
    let inputs: Vec<Option<&Constant>> = inputs.iter().map(|input| input.as_deref()).collect();
    let result = match (site.node.op.as_str(), inputs.as_slice()) {
        ("Constant", []) => constant(site)?,
        ("ConstantOfShape", [Some(shape)]) => filled(site, shape)?,
        ("Identity", [Some(input)]) => (*input).clone(),
        ("Cast", [Some(input)]) => cast(site, input)?,
        ("Add", [Some(a), Some(b)]) => pairs(site, a, b, |a, b| a + b, i64::wrapping_add)?,
        ("Sub", [Some(a), Some(b)]) => pairs(site, a, b, |a, b| a - b, i64::wrapping_sub)?,
        ("Mul", [Some(a), Some(b)]) => pairs(site, a, b, |a, b| a * b, i64::wrapping_mul)?,
        ("Div", [Some(a), Some(b)]) => pairs(
            site,
            a,
            b,
            |a, b| a / b,
            |a, b| a.checked_div(b).unwrap_or(0),
        )?,
        ("Sqrt", [Some(a)]) => each(a, f32::sqrt, |a| a.max(0).isqrt()),
        ("Neg", [Some(a)]) => each(a, |a| -a, i64::wrapping_neg),
        ("Reciprocal", [Some(a)]) => each(a, f32::recip, |a| a),
        ("Floor", [Some(a)]) => each(a, f32::floor, |a| a),
        ("Ceil", [Some(a)]) => each(a, f32::ceil, |a| a),
        ("Relu", [Some(a)]) => each(a, |a| a.max(0.0), |a| a.max(0)),
        ("Concat", _) => concat(site, &inputs)?,
        ("Gather", [Some(data), Some(indices)]) => gather(site, data, indices)?,
        ("Slice", [Some(data), ..]) => slice(site, data, &inputs[1..])?,
        ("Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Transpose", [Some(data), ..]) => {
            return viewed(site, data);
        }
        ("Expand", [Some(data), Some(shape)]) => {
            let shape = dims(site, shape)?;
            spread(site, data, &shape)?
        }
        ("Range", [Some(start), Some(limit), Some(delta)]) => range(site, start, limit, delta)?,
        ("DequantizeLinear", [Some(data), Some(scale), ..]) => {
            let zero = inputs.get(2).copied().flatten();
            let axis = site.int("axis", 1);
            super::quantize::constant(site, data, (scale, zero), axis)?
        }
        _ => return Some(false),
    };
    site.set(0, Value::Constant(Rc::new(result)))?;
    Some(true)
}

/// The sizes of a value, whatever it is.
fn sizes(site: &mut Site<'_>) -> Option<()> {
    let sizes = match site.value(0) {
        Some(Value::Constant(constant)) => constant.dims.clone(),
        _ => site.activation(0)?.view.sizes(),
    };
    let ints = |sizes: &[usize]| sizes.iter().map(|&size| size as i64).collect();
    let result = match site.node.op.as_str() {
        "Size" => Constant {
            dims: Vec::new(),
            ..Constant::ints(vec![sizes.iter().product::<usize>() as i64])
        },
        _ => {
            let rank = sizes.len() as i64;
            let end = |name: &str, default: i64| {
                let end = site.int(name, default);
                let end = if end < 0 {
                    end.saturating_add(rank)
                } else {
                    end
                };
                end.clamp(0, rank) as usize
            };
            let (start, end) = (end("start", 0), end("end", rank));
            Constant::ints(ints(&sizes[start..end.max(start)]))
        }
    };
    site.set(0, Value::Constant(Rc::new(result)))
}

fn constant(site: &mut Site<'_>) -> Option<Constant> {
    let scalar = |values| Constant {
        dims: Vec::new(),
        values,
        scales: None,
    };
    if let Some(values) = site.ints("value_ints") {
        return Some(Constant::ints(values));
    }
    if let Some(values) = site.floats("value_floats") {
        return Some(Constant::floats(vec![values.len()], values));
    }
    if site.has("value_int") {
        return Some(scalar(Values::Int(
            vec![site.int("value_int", 0)],
            IntType::Other,
        )));
    }
    if site.has("value_float") {
        return Some(scalar(Values::Float(vec![site.float("value_float", 0.0)])));
    }
    match site.tensor("value").map(Option::<&Constant>::cloned) {
        Ok(Some(constant)) => Some(constant),
        Ok(None) => {
            site.problem(
                "it has no value of a supported kind",
                "use a dense constant",
            );
            None
        }
        Err(what) => {
            site.problem(
                what,
                "export the model again with plain float32 constants inside",
            );
            None
        }
    }
}

/// A shape out of a constant.
fn dims(site: &mut Site<'_>, constant: &Constant) -> Option<Vec<usize>> {
    let ints = constant.to_ints().unwrap_or_default();
    let dims: Vec<usize> = ints
        .iter()
        .filter_map(|&dim| usize::try_from(dim).ok())
        .collect();
    let elements = dims
        .iter()
        .try_fold(1usize, |all, &dim| all.checked_mul(dim));
    site.require(
        dims.len() == constant.len() && dims.len() <= MAX_RANK && elements.is_some(),
        &format!("its shape is {ints:?}"),
        EXPORT_AGAIN,
    )?;
    site.spend(elements?)?;
    Some(dims)
}

fn filled(site: &mut Site<'_>, shape: &Constant) -> Option<Constant> {
    let dims = dims(site, shape)?;
    let value = site.tensor("value").ok().flatten().cloned();
    let value = value.unwrap_or_else(|| Constant::floats(vec![1], vec![0.0]));
    site.require(
        value.len() == 1,
        "its value is not one number",
        EXPORT_AGAIN,
    )?;
    let elements = dims.iter().product();
    Some(value.gather(dims, &vec![0; elements]))
}

fn cast(site: &mut Site<'_>, input: &Constant) -> Option<Constant> {
    let values = match site.int("to", 0) {
        1 | 10 | 11 => Values::Float(input.to_floats()),
        2..=7 | 9 | 12 | 13 => match &input.values {
            Values::Int(values, _) => Values::Int(values.clone(), IntType::Other),
            // The cast saturates.
            Values::Float(values) => {
                let ints = values.iter().map(|&value| value as i64).collect();
                Values::Int(ints, IntType::Other)
            }
        },
        other => {
            site.problem(format!("it casts to type {other}"), "use numbers");
            return None;
        }
    };
    Some(Constant {
        dims: input.dims.clone(),
        values,
        scales: None,
    })
}

fn each(input: &Constant, real: fn(f32) -> f32, int: impl Fn(i64) -> i64) -> Constant {
    let values = match &input.values {
        Values::Float(values) => Values::Float(values.iter().map(|&value| real(value)).collect()),
        Values::Int(values, kind) => {
            Values::Int(values.iter().map(|&value| int(value)).collect(), *kind)
        }
    };
    Constant {
        dims: input.dims.clone(),
        values,
        scales: None,
    }
}

/// An operation on two constants, each spread over the other's axes.
fn pairs(
    site: &mut Site<'_>,
    a: &Constant,
    b: &Constant,
    real: fn(f32, f32) -> f32,
    int: fn(i64, i64) -> i64,
) -> Option<Constant> {
    let rank = a.dims.len().max(b.dims.len());
    let size = |constant: &Constant, axis: usize| {
        let missing = rank - constant.dims.len();
        if axis < missing {
            1
        } else {
            constant.dims[axis - missing]
        }
    };
    let dims: Vec<usize> = (0..rank)
        .map(|axis| match (size(a, axis), size(b, axis)) {
            (1, other) => other,
            (one, _) => one,
        })
        .collect();
    let (a, b) = (spread(site, a, &dims)?, spread(site, b, &dims)?);
    let values = match (&a.values, &b.values) {
        (Values::Int(a, kind), Values::Int(b, _)) => {
            Values::Int(a.iter().zip(b).map(|(&a, &b)| int(a, b)).collect(), *kind)
        }
        _ => {
            let (a, b) = (a.to_floats(), b.to_floats());
            Values::Float(a.iter().zip(&b).map(|(&a, &b)| real(a, b)).collect())
        }
    };
    Some(Constant {
        dims,
        values,
        scales: None,
    })
}

/// A constant repeated along axes of 1.
fn spread(site: &mut Site<'_>, constant: &Constant, to: &[usize]) -> Option<Constant> {
    // Both ways, as Expand wants it.
    let rank = constant.dims.len().max(to.len());
    let padded = |dims: &[usize]| [vec![1; rank - dims.len()], dims.to_vec()].concat();
    let (from, to) = (padded(&constant.dims), padded(to));
    let dims: Vec<usize> = from
        .iter()
        .zip(&to)
        .map(|(&from, &to)| if to == 1 { from } else { to })
        .collect();
    let fits = from
        .iter()
        .zip(&dims)
        .all(|(&from, &to)| from == to || from == 1);
    let elements = dims
        .iter()
        .try_fold(1usize, |all, &dim| all.checked_mul(dim));
    site.require(
        fits && elements.is_some(),
        &format!("constants of {from:?} and {to:?} do not fit"),
        EXPORT_AGAIN,
    )?;
    site.spend(elements?)?;
    let mut stride = 1;
    let mut strides = vec![0; rank];
    for axis in (0..rank).rev() {
        strides[axis] = if from[axis] == 1 { 0 } else { stride };
        stride *= from[axis];
    }
    let places = places(&dims, |axis, index| index * strides[axis]);
    Some(constant.gather(dims, &places))
}

/// Positions: for each index, row-major, the sum of what each axis adds.
fn places(dims: &[usize], add: impl Fn(usize, usize) -> usize) -> Vec<usize> {
    let mut places = vec![0];
    for (axis, &size) in dims.iter().enumerate() {
        let steps: Vec<usize> = (0..size).map(|index| add(axis, index)).collect();
        places = places
            .iter()
            .flat_map(|start| steps.iter().map(move |step| start + step))
            .collect();
    }
    places
}

/// Distance of neighbours along each axis.
fn strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis];
    }
    strides
}

fn concat(site: &mut Site<'_>, inputs: &[Option<&Constant>]) -> Option<Constant> {
    let inputs: Vec<&Constant> = inputs.iter().copied().flatten().collect();
    let rank = inputs.first().map_or(0, |input| input.dims.len());
    let axis = site.axis(site.int("axis", 0), rank)?;
    let mut dims = inputs[0].dims.clone();
    let same = |input: &&Constant| {
        input.dims.len() == rank
            && (0..rank).all(|other| other == axis || input.dims[other] == dims[other])
    };
    let fits = inputs.iter().all(same);
    site.require(fits, "its inputs do not fit", EXPORT_AGAIN)?;
    dims[axis] = inputs.iter().map(|input| input.dims[axis]).sum();
    let outer: usize = dims[..axis].iter().product();
    let inner: usize = dims[axis + 1..].iter().product();
    // One after the other, then the rows in turn.
    let mut starts = Vec::new();
    let mut start = 0;
    for input in &inputs {
        starts.push((start, input.dims[axis] * inner));
        start += input.len();
    }
    let mut positions = Vec::with_capacity(start);
    for row in 0..outer {
        for &(start, run) in &starts {
            positions.extend(start + row * run..start + (row + 1) * run);
        }
    }
    let is_int = inputs
        .iter()
        .all(|input| matches!(input.values, Values::Int(..)));
    let all = match is_int {
        true => Constant::ints(
            inputs
                .iter()
                .filter_map(|input| input.to_ints())
                .flatten()
                .collect(),
        ),
        false => {
            let values: Vec<f32> = inputs.iter().flat_map(|input| input.to_floats()).collect();
            Constant::floats(vec![values.len()], values)
        }
    };
    Some(all.gather(dims, &positions))
}

fn gather(site: &mut Site<'_>, data: &Constant, indices: &Constant) -> Option<Constant> {
    let axis = site.axis(site.int("axis", 0), data.dims.len())?;
    let size = data.dims[axis];
    let mut chosen = Vec::with_capacity(indices.len());
    for index in indices.to_ints().unwrap_or_default() {
        let from_end = if index < 0 { size as i64 } else { 0 };
        let index = usize::try_from(index.saturating_add(from_end)).ok();
        let index = index.filter(|&index| index < size);
        site.require(
            index.is_some(),
            "its indices are out of range",
            EXPORT_AGAIN,
        )?;
        chosen.extend(index);
    }
    let inner: usize = data.dims[axis + 1..].iter().product();
    let outer: usize = data.dims[..axis].iter().product();
    let dims = [&data.dims[..axis], &indices.dims, &data.dims[axis + 1..]].concat();
    site.require(
        dims.len() <= MAX_RANK,
        "its result has more than 8 axes",
        EXPORT_AGAIN,
    )?;
    site.spend(outer.saturating_mul(chosen.len()).saturating_mul(inner))?;
    let places = places(&[outer, chosen.len(), inner], |part, index| match part {
        0 => index * size * inner,
        1 => chosen[index] * inner,
        _ => index,
    });
    Some(data.gather(dims, &places))
}

fn slice(site: &mut Site<'_>, data: &Constant, operands: &[Option<&Constant>]) -> Option<Constant> {
    let rank = data.dims.len();
    // Operands since opset 10.
    let list = |site: &Site<'_>, slot: usize, name: &str| {
        let operand = operands.get(slot).copied().flatten();
        operand
            .and_then(Constant::to_ints)
            .or_else(|| site.ints(name))
    };
    let starts = list(site, 0, "starts").unwrap_or_default();
    let ends = list(site, 1, "ends").unwrap_or_default();
    let axes = list(site, 2, "axes").unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = list(site, 3, "steps").unwrap_or_else(|| vec![1; starts.len()]);
    let count = starts.len();
    site.require(
        ends.len() == count && axes.len() == count && steps.len() == count,
        "its starts, ends, axes and steps differ in number",
        EXPORT_AGAIN,
    )?;
    let mut ranges: Vec<(usize, usize)> = data.dims.iter().map(|&size| (0, size)).collect();
    for index in 0..count {
        let axis = site.axis(axes[index], rank)?;
        site.require(steps[index] == 1, "its steps are not 1", "use steps of 1")?;
        let size = data.dims[axis] as i64;
        let end = |end: i64| {
            let end = if end < 0 {
                end.saturating_add(size)
            } else {
                end
            };
            end.clamp(0, size) as usize
        };
        let (start, end) = (end(starts[index]), end(ends[index]));
        ranges[axis] = (start, end.max(start));
    }
    let dims: Vec<usize> = ranges.iter().map(|(start, end)| end - start).collect();
    let strides = strides(&data.dims);
    let places = places(&dims, |axis, index| {
        (ranges[axis].0 + index) * strides[axis]
    });
    Some(data.gather(dims, &places))
}

/// A constant is reshaped and transposed as a value is: by a view, whose order is then made.
fn viewed(site: &mut Site<'_>, data: &Constant) -> Option<bool> {
    site.require(!data.dims.contains(&0), "its input is empty", EXPORT_AGAIN)?;
    let lower = match site.node.op.as_str() {
        "Reshape" => super::shape::reshape_dims,
        "Flatten" => super::shape::flatten_dims,
        "Squeeze" => super::shape::squeeze_dims,
        "Unsqueeze" => super::shape::unsqueeze_dims,
        _ => {
            let permutation = super::shape::permutation(site, data.dims.len())?;
            let view = View::plain(ember_ir::TensorId(0), &data.dims).transposed(&permutation);
            let mut positions = vec![0; data.len()];
            for (place, number) in view.numbers().into_iter().enumerate() {
                positions[number] = place;
            }
            let result = data.gather(view.sizes(), &positions);
            let scales = data.scales.clone().and_then(|mut scales| {
                scales.axis = permutation.iter().position(|&axis| axis == scales.axis)?;
                Some(scales)
            });
            let result = Constant { scales, ..result };
            site.set(0, Value::Constant(Rc::new(result)))?;
            return Some(true);
        }
    };
    let dims = lower(site, &data.dims)?;
    let product = dims
        .iter()
        .try_fold(1usize, |all, &dim| all.checked_mul(dim));
    site.require(
        product == Some(data.len()),
        &format!("it makes {:?} into {dims:?}", data.dims),
        EXPORT_AGAIN,
    )?;
    let result = Constant {
        dims,
        values: data.values.clone(),
        // Scales along an axis would need that axis.
        scales: data
            .scales
            .clone()
            .filter(|scales| scales.values.len() == 1),
    };
    site.set(0, Value::Constant(Rc::new(result)))?;
    Some(true)
}

fn range(
    site: &mut Site<'_>,
    start: &Constant,
    limit: &Constant,
    delta: &Constant,
) -> Option<Constant> {
    let number = |constant: &Constant| constant.scalar().map(f64::from);
    let (Some(start), Some(limit), Some(delta)) = (number(start), number(limit), number(delta))
    else {
        site.problem("its limits are not numbers", EXPORT_AGAIN);
        return None;
    };
    let count = ((limit - start) / delta).ceil().max(0.0);
    site.require(count < 1e6, "it has too many numbers", EXPORT_AGAIN)?;
    Some(Constant::ints(
        (0..count as i64)
            .map(|index| (start + index as f64 * delta) as i64)
            .collect(),
    ))
}
