//! Element-wise arithmetic: sums of two values, and everything with a constant.

use std::rc::Rc;

use ember_ir::{Activation, Add, Binary, BinaryFunction, Function, Op, Shape};

use super::{affine, spread, unary};
use crate::onnx::constant::Constant;
use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::{EXPORT_AGAIN, Site};
use crate::onnx::view::View;

/// A sum without an activation.
pub(super) const ADD: Op = Op::Add(Add {
    activation: Activation::None,
});

pub(super) fn add(site: &mut Site<'_>) -> Option<()> {
    let operands = operands(site)?;
    added(site, operands)
}

pub(super) fn added(site: &mut Site<'_>, operands: Operands) -> Option<()> {
    match operands {
        Operands::Both(left, right) => {
            let view = joined(site, &left, &right, ADD)?;
            site.write(view)
        }
        Operands::Right(data, constant) | Operands::Left(constant, data) => {
            let b = spread::broadcast(site, &data, &constant)?;
            match spread::integers(site, &data) {
                true => spread::with_constant(site, &data, (&b, &constant), ADD, false),
                false => affine::scale(site, &data, &vec![1.0; b.len()], &b),
            }
        }
    }
}

pub(super) fn sub(site: &mut Site<'_>) -> Option<()> {
    let op = op(BinaryFunction::Sub);
    match operands(site)? {
        Operands::Both(left, right) => {
            let view = joined(site, &left, &right, op)?;
            site.write(view)
        }
        Operands::Right(data, constant) => {
            let b = spread::broadcast(site, &data, &constant)?;
            if spread::integers(site, &data) {
                return spread::with_constant(site, &data, (&b, &constant), op, false);
            }
            let b: Vec<f32> = b.iter().map(|value| -value).collect();
            affine::scale(site, &data, &vec![1.0; b.len()], &b)
        }
        Operands::Left(constant, data) => {
            let b = spread::broadcast(site, &data, &constant)?;
            match spread::integers(site, &data) {
                true => spread::with_constant(site, &data, (&b, &constant), op, true),
                false => affine::scale(site, &data, &vec![-1.0; b.len()], &b),
            }
        }
    }
}

pub(super) fn mul(site: &mut Site<'_>) -> Option<()> {
    let operands = operands(site)?;
    multiplied(site, operands)
}

pub(super) fn multiplied(site: &mut Site<'_>, operands: Operands) -> Option<()> {
    let op = op(BinaryFunction::Mul);
    match operands {
        Operands::Both(left, right) if left.view == right.view => {
            unary::apply(site, &left, Function::Square)
        }
        Operands::Both(left, right) => {
            let view = joined(site, &left, &right, op)?;
            site.write(view)
        }
        Operands::Right(data, constant) | Operands::Left(constant, data) => {
            let a = spread::broadcast(site, &data, &constant)?;
            match spread::integers(site, &data) {
                true => spread::with_constant(site, &data, (&a, &constant), op, false),
                false => affine::scale(site, &data, &a, &vec![0.0; a.len()]),
            }
        }
    }
}

/// By constants, or by the reciprocal of a value.
pub(super) fn div(site: &mut Site<'_>) -> Option<()> {
    match operands(site)? {
        Operands::Right(data, constant) => {
            let values = constant.to_floats();
            let inverse = values.iter().map(|value| value.recip()).collect();
            let inverse = Constant::floats(constant.dims.clone(), inverse);
            multiplied(site, Operands::Right(data, Rc::new(inverse)))
        }
        Operands::Left(constant, data) => {
            let inverse = unary::applied(site, &data, Function::Reciprocal)?;
            multiplied(site, Operands::Left(constant, inverse))
        }
        Operands::Both(left, right) => {
            let inverse = unary::applied(site, &right, Function::Reciprocal)?;
            multiplied(site, Operands::Both(left, inverse))
        }
    }
}

/// Squares, cubes, roots and reciprocals.
pub(super) fn pow(site: &mut Site<'_>) -> Option<()> {
    let exponent = site.constant(1, "exponent")?.scalar();
    let data = site.activation(0)?;
    match exponent {
        Some(2.0) => unary::apply(site, &data, Function::Square),
        Some(3.0) => {
            let square = unary::applied(site, &data, Function::Square)?;
            multiplied(site, Operands::Both(data, square))
        }
        Some(0.5) => unary::apply(site, &data, Function::Sqrt),
        Some(-0.5) => unary::apply(site, &data, Function::Rsqrt),
        Some(-1.0) => unary::apply(site, &data, Function::Reciprocal),
        Some(1.0) => {
            let view = data.view.clone();
            site.pass(&data, view)
        }
        _ => {
            site.problem(
                "its exponent is not one of 3, 2, 1, 0.5, -0.5 and -1",
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

/// The maximum or minimum of values, or of a value and a number; of one value alone, itself.
fn limit(site: &mut Site<'_>, is_lower: bool) -> Option<()> {
    let constants = (0..site.node.inputs.len())
        .any(|slot| matches!(site.value(slot), Some(Value::Constant(_))));
    if !constants {
        let function = match is_lower {
            true => BinaryFunction::Maximum,
            false => BinaryFunction::Minimum,
        };
        let data = fold(site, &op(function))?;
        let view = data.view.clone();
        return site.pass(&data, view);
    }
    match operands(site)? {
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
        Operands::Both(..) => None,
    }
}

pub(super) fn sum(site: &mut Site<'_>) -> Option<()> {
    let data = fold(site, &ADD)?;
    let view = data.view.clone();
    site.pass(&data, view)
}

pub(super) fn mean(site: &mut Site<'_>) -> Option<()> {
    let data = fold(site, &ADD)?;
    let elements = data.view.elements();
    let share = 1.0 / site.node.inputs.len() as f32;
    affine::scale(site, &data, &vec![share; elements], &vec![0.0; elements])
}

/// All operands, the first two joined, then the next one, and so on.
fn fold(site: &mut Site<'_>, op: &Op) -> Option<Data> {
    let mut all = site.activation(0)?;
    for slot in 1..site.node.inputs.len() {
        let next = site.activation(slot)?;
        let view = joined(site, &all, &next, op.clone())?;
        all = Data::new(view, true);
    }
    Some(all)
}

/// A function of two values without an activation.
pub(super) fn op(function: BinaryFunction) -> Op {
    Op::Binary(Binary {
        function,
        activation: Activation::None,
    })
}

/// What this node has written so far.
pub(super) fn written(site: &mut Site<'_>) -> Option<Data> {
    match site.output(0).and_then(|name| site.to.values.get(name)) {
        Some(Value::Activation(data)) => Some(data.clone()),
        _ => None,
    }
}

/// What this node has written, times a number.
pub(super) fn scaled(site: &mut Site<'_>, factor: f32) -> Option<()> {
    let data = written(site)?;
    let factor = Constant::floats(Vec::new(), vec![factor]);
    multiplied(site, Operands::Right(data, Rc::new(factor)))
}

/// Two operands, of which one may be a constant.
pub(super) enum Operands {
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

/// A function of two values, of which each axis of 1 is repeated along the other's.
pub(super) fn joined(site: &mut Site<'_>, left: &Data, right: &Data, op: Op) -> Option<View> {
    let same = left.view.of(right.view.tensor) == right.view;
    let shape = site.to.shape(left.view.tensor).clone();
    if same {
        // Most often: a residual sum.
        let name = site.name();
        let right = site.to.reshape(&name, right.view.tensor, shape);
        let right = site.check(right)?;
        let output = site.add(op, &[left.view.tensor, right], None)?;
        return Some(left.view.of(output));
    }
    let rank = left.view.sizes().len().max(right.view.sizes().len());
    let views = [&left.view, &right.view].map(|view| view.with_rank(rank));
    let sizes = [views[0].sizes(), views[1].sizes()];
    let dims: Vec<usize> = (0..rank)
        .map(|axis| sizes[0][axis].max(sizes[1][axis]))
        .collect();
    let fits = sizes.iter().all(|sizes| {
        sizes
            .iter()
            .zip(&dims)
            .all(|(&size, &dim)| size == dim || size == 1)
    });
    site.require(
        fits,
        &format!(
            "its inputs have the shapes {:?} and {:?}",
            sizes[0], sizes[1]
        ),
        EXPORT_AGAIN,
    )?;
    // In the order of the larger one.
    let larger = usize::from(views[1].elements() > views[0].elements());
    let own: Vec<usize> = (0..rank).collect();
    let order = views[larger].order().unwrap_or(own);
    let name = site.name();
    let mut tensors = [left.view.tensor; 2];
    for (tensor, (view, sizes)) in tensors.iter_mut().zip(views.iter().zip(&sizes)) {
        let axes = order.iter().filter(|&&axis| dims[axis] != 1);
        let mut shape: Vec<usize> = axes.map(|&axis| sizes[axis]).collect();
        if shape.is_empty() {
            shape.push(1);
        }
        let stored = site.to.stored(&name, view, &order, Shape::new(shape));
        *tensor = site.check(stored)?;
    }
    let output = site.add(op, &tensors, None)?;
    Some(View::stored(output, &dims, &order))
}
