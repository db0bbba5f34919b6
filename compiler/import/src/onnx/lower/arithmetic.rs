//! Element-wise arithmetic: sums of two values, and everything with a constant.

use std::rc::Rc;

use ember_ir::{Activation, Add, Function, Op};

use super::affine;
use super::unary;
use crate::onnx::constant::Constant;
use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::Site;
use crate::onnx::view::View;

pub(super) fn add(site: &mut Site<'_>) -> Option<()> {
    match operands(site)? {
        Operands::Both(left, right) => {
            let view = joined(site, &left, &right)?;
            site.write(view)
        }
        Operands::Right(data, constant) | Operands::Left(constant, data) => {
            let b = broadcast(site, &data, &constant)?;
            affine::scale(site, &data, &vec![1.0; b.len()], &b)
        }
    }
}

pub(super) fn sub(site: &mut Site<'_>) -> Option<()> {
    match operands(site)? {
        Operands::Both(..) => two_values(site),
        Operands::Right(data, constant) => {
            let b = broadcast(site, &data, &constant)?;
            let b: Vec<f32> = b.iter().map(|value| -value).collect();
            affine::scale(site, &data, &vec![1.0; b.len()], &b)
        }
        Operands::Left(constant, data) => {
            let b = broadcast(site, &data, &constant)?;
            affine::scale(site, &data, &vec![-1.0; b.len()], &b)
        }
    }
}

pub(super) fn mul(site: &mut Site<'_>) -> Option<()> {
    match operands(site)? {
        Operands::Both(..) if site.node.inputs[0] == site.node.inputs[1] => {
            let data = site.activation(0)?;
            unary::apply(site, &data, Function::Square)
        }
        Operands::Both(..) => two_values(site),
        Operands::Right(data, constant) | Operands::Left(constant, data) => {
            let a = broadcast(site, &data, &constant)?;
            affine::scale(site, &data, &a, &vec![0.0; a.len()])
        }
    }
}

pub(super) fn div(site: &mut Site<'_>) -> Option<()> {
    match operands(site)? {
        Operands::Right(data, constant) => {
            let a = broadcast(site, &data, &constant)?;
            let a: Vec<f32> = a.iter().map(|value| value.recip()).collect();
            affine::scale(site, &data, &a, &vec![0.0; a.len()])
        }
        Operands::Both(..) | Operands::Left(..) => {
            site.problem(
                "it divides by a value that is not constant",
                "divide by constants, or let it run outside",
            );
            None
        }
    }
}

/// Squares and roots.
pub(super) fn pow(site: &mut Site<'_>) -> Option<()> {
    let exponent = site.constant(1, "exponent")?.scalar();
    let data = site.activation(0)?;
    match exponent {
        Some(2.0) => unary::apply(site, &data, Function::Square),
        Some(0.5) => unary::apply(site, &data, Function::Sqrt),
        Some(-0.5) => unary::apply(site, &data, Function::Rsqrt),
        Some(1.0) => {
            let view = data.view.clone();
            site.pass(&data, view)
        }
        _ => {
            site.problem(
                "its exponent is not one of 2, 1, 0.5 and -0.5",
                "use one of them",
            );
            None
        }
    }
}

pub(super) fn max(site: &mut Site<'_>) -> Option<()> {
    limit(site, true)
}

pub(super) fn min(site: &mut Site<'_>) -> Option<()> {
    limit(site, false)
}

/// The maximum or minimum of a value and a number; of one value alone, itself.
fn limit(site: &mut Site<'_>, is_lower: bool) -> Option<()> {
    if site.node.inputs.len() == 1 {
        return super::shape::identity(site);
    }
    match operands(site)? {
        Operands::Both(..) => two_values(site),
        Operands::Right(data, constant) | Operands::Left(constant, data) => {
            let Some(bound) = constant.scalar() else {
                site.problem(
                    "its constant is not one number",
                    "limits that differ by element are not supported",
                );
                return None;
            };
            match is_lower {
                true => unary::limit(site, &data, bound, f32::INFINITY),
                false => unary::limit(site, &data, f32::NEG_INFINITY, bound),
            }
        }
    }
}

pub(super) fn sum(site: &mut Site<'_>) -> Option<()> {
    let data = total(site)?;
    let view = data.view.clone();
    site.pass(&data, view)
}

pub(super) fn mean(site: &mut Site<'_>) -> Option<()> {
    let data = total(site)?;
    let elements = data.view.elements();
    let share = 1.0 / site.node.inputs.len() as f32;
    affine::scale(site, &data, &vec![share; elements], &vec![0.0; elements])
}

/// The sum of all operands.
fn total(site: &mut Site<'_>) -> Option<Data> {
    let mut all = site.activation(0)?;
    for slot in 1..site.node.inputs.len() {
        let next = site.activation(slot)?;
        let view = joined(site, &all, &next)?;
        all = Data::new(view, true);
    }
    Some(all)
}

fn two_values(site: &mut Site<'_>) -> Option<()> {
    site.problem(
        "both of its inputs change from sample to sample",
        "only Add takes two such values yet",
    );
    None
}

enum Operands {
    Both(Data, Data),
    Right(Data, Rc<Constant>),
    Left(Rc<Constant>, Data),
}

fn operands(site: &mut Site<'_>) -> Option<Operands> {
    site.require(
        site.node.inputs.len() == 2,
        &format!("it has {} inputs", site.node.inputs.len()),
        "two are supported",
    )?;
    let constants = [site.value(0), site.value(1)].map(|value| match value {
        Some(Value::Constant(constant)) => Some(constant),
        _ => None,
    });
    Some(match constants {
        [Some(left), _] => Operands::Left(left, site.activation(1)?),
        [_, Some(right)] => Operands::Right(site.activation(0)?, right),
        [None, None] => Operands::Both(site.activation(0)?, site.activation(1)?),
    })
}

/// The sum of two values of one shape.
fn joined(site: &mut Site<'_>, left: &Data, right: &Data) -> Option<View> {
    let [sizes, others] = [left.view.sizes(), right.view.sizes()];
    site.require(
        sizes == others,
        &format!("its inputs have the shapes {sizes:?} and {others:?}"),
        "two values must have one shape",
    )?;
    // The right one in the order of the left one, or the other way round.
    let order = left.view.order().or(right.view.order());
    let order = order.unwrap_or_else(|| (0..sizes.len()).collect());
    let name = site.name();
    let shape = site.to.shape(left.view.tensor).clone();
    let mut tensors = [left.view.tensor; 2];
    if left.view.of(right.view.tensor) == right.view {
        let tensor = site.to.reshape(&name, right.view.tensor, shape);
        tensors[1] = site.check(tensor)?;
    } else {
        for (tensor, data) in tensors.iter_mut().zip([left, right]) {
            let stored = site.to.stored(&name, &data.view, &order, shape.clone());
            *tensor = site.check(stored)?;
        }
    }
    let op = Op::Add(Add {
        activation: Activation::None,
    });
    let output = site.add(op, &tensors, None)?;
    Some(match left.view.of(right.view.tensor) == right.view {
        true => left.view.of(output),
        false => View::stored(output, &sizes, &order),
    })
}

/// A constant for each element of a value, in its order.
fn broadcast(site: &mut Site<'_>, data: &Data, constant: &Constant) -> Option<Vec<f32>> {
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
