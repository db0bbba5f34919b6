//! Constants folded: what a node computes from constants alone, mostly the shapes that exporters leave as
//! arithmetic. Also Shape and Size of a value, since all sizes are known.

mod elementwise;
pub(super) mod select;

use std::rc::Rc;

use elementwise::{cast, each, pairs, spread};
use select::{concat, gather, slice, viewed};

use crate::onnx::constant::{Constant, IntType, MAX_RANK, Values};
use crate::onnx::lower::quantize;
use crate::onnx::lowering::Value;
use crate::onnx::site::{EXPORT_AGAIN, Site};

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
        ("QuantizeLinear", [Some(data), Some(scale), ..]) => {
            let zero = inputs.get(2).copied().flatten();
            let axis = site.int("axis", 1);
            quantize::integers(site, data, (scale, zero), axis)?
        }
        ("DequantizeLinear", [Some(data), Some(scale), ..]) => {
            let zero = inputs.get(2).copied().flatten();
            let axis = site.int("axis", 1);
            quantize::constant(site, data, (scale, zero), axis)?
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
