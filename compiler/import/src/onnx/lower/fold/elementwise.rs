//! Constants element by element: casts, functions, arithmetic with spreading.

use super::select::places;
use crate::onnx::constant::{Constant, IntType, Values};
use crate::onnx::site::{EXPORT_AGAIN, Site};

pub(super) fn cast(site: &mut Site<'_>, input: &Constant) -> Option<Constant> {
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

pub(super) fn each(input: &Constant, real: fn(f32) -> f32, int: impl Fn(i64) -> i64) -> Constant {
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
pub(super) fn pairs(
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
pub(super) fn spread(site: &mut Site<'_>, constant: &Constant, to: &[usize]) -> Option<Constant> {
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
