//! Reductions over axes: ReduceMean, ReduceSum, ReduceMax, those that are these between functions of each element,
//! the pools over whole images, ArgMax and ArgMin.

use ember_ir::{
    Activation, ArgMax, BinaryFunction, Function, MaxPool2d, Mean, Op, Reduce, ReduceFunction,
    Shape, TensorId, Window2d,
};

use super::movement::Stored;
use super::{arithmetic, unary};
use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::Site;
use crate::onnx::view::View;

/// What becomes of the elements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reduction {
    Mean,
    Sum,
    Max,
}

pub(super) fn mean(site: &mut Site<'_>) -> Option<()> {
    over_axes(site, Reduction::Mean, &[], &[])
}

pub(super) fn sum(site: &mut Site<'_>) -> Option<()> {
    over_axes(site, Reduction::Sum, &[], &[])
}

pub(super) fn max(site: &mut Site<'_>) -> Option<()> {
    over_axes(site, Reduction::Max, &[], &[])
}

/// The least is the opposite of the greatest opposite.
pub(super) fn min(site: &mut Site<'_>) -> Option<()> {
    over_axes(site, Reduction::Max, &[Function::Neg], &[Function::Neg])
}

pub(super) fn l1(site: &mut Site<'_>) -> Option<()> {
    over_axes(site, Reduction::Sum, &[Function::Abs], &[])
}

pub(super) fn l2(site: &mut Site<'_>) -> Option<()> {
    over_axes(site, Reduction::Sum, &[Function::Square], &[Function::Sqrt])
}

pub(super) fn sum_square(site: &mut Site<'_>) -> Option<()> {
    over_axes(site, Reduction::Sum, &[Function::Square], &[])
}

pub(super) fn log_sum(site: &mut Site<'_>) -> Option<()> {
    over_axes(site, Reduction::Sum, &[], &[Function::Log])
}

/// The greatest plus the logarithm of the sum of what e to the power of the distance from it is: no power is above
/// 1.
pub(super) fn log_sum_exp(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let Some(axes) = axes(site, &data)? else {
        return site.pass(&data, data.view.clone());
    };
    let top = reduce(site, &data, &axes, true, Reduction::Max)?;
    let sub = arithmetic::op(BinaryFunction::Sub);
    let distance = arithmetic::joined(site, &data, &top, sub)?;
    let power = unary::applied(site, &Data::new(distance, true), Function::Exp)?;
    let sum = reduce(site, &power, &axes, true, Reduction::Sum)?;
    let log = unary::applied(site, &sum, Function::Log)?;
    let view = arithmetic::joined(site, &log, &top, arithmetic::ADD)?;
    site.write(if keeps_axes(site) {
        view
    } else {
        view.without(&axes)
    })
}

/// A reduction with functions of each element before and behind it.
fn over_axes(
    site: &mut Site<'_>,
    reduction: Reduction,
    before: &[Function],
    behind: &[Function],
) -> Option<()> {
    let data = site.activation(0)?;
    let Some(axes) = axes(site, &data)? else {
        return site.pass(&data, data.view.clone());
    };
    let mut value = data;
    for &function in before {
        value = unary::applied(site, &value, function)?;
    }
    value = reduce(site, &value, &axes, keeps_axes(site), reduction)?;
    for &function in behind {
        value = unary::applied(site, &value, function)?;
    }
    site.set(0, Value::Activation(value))
}

fn keeps_axes(site: &Site<'_>) -> bool {
    site.int("keepdims", 1) != 0
}

/// The axes that go: an attribute, or since opset 13 (sum) and 18 an operand. Inner `None`: the value stays as it
/// is.
fn axes(site: &mut Site<'_>, data: &Data) -> Option<Option<Vec<usize>>> {
    let given = match site.ints("axes") {
        Some(axes) => Some(axes),
        None => site
            .optional(1, "list of axes")?
            .and_then(|axes| axes.to_ints()),
    };
    let given = given.filter(|axes| !axes.is_empty());
    if given.is_none() && site.int("noop_with_empty_axes", 0) != 0 {
        return Some(None);
    }
    let rank = data.view.sizes().len();
    match given {
        Some(axes) => site.axes(&axes, rank).map(Some),
        None => Some(Some((0..rank).collect())),
    }
}

/// The place of the greatest along an axis.
pub(super) fn arg_max(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    place(site, &data)
}

/// The place of the least, which is the greatest opposite.
pub(super) fn arg_min(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let opposite = unary::applied(site, &data, Function::Neg)?;
    place(site, &opposite)
}

fn place(site: &mut Site<'_>, data: &Data) -> Option<()> {
    site.require(
        site.int("select_last_index", 0) == 0,
        "it takes the last of several equals",
        "take the first: select_last_index = 0",
    )?;
    let stored = Stored::new(site, data)?;
    let rank = stored.sizes.len();
    let axis = site.axis(site.int("axis", 0), rank)?;
    let op = ArgMax {
        axis: stored.place(axis),
    };
    let output = site.add(Op::ArgMax(op), &[stored.tensor], None)?;
    let mut sizes = stored.sizes.clone();
    sizes[axis] = 1;
    let view = stored.view(output, &sizes);
    site.write(if keeps_axes(site) {
        view
    } else {
        view.without(&[axis])
    })
}

/// Reduces over axes. Where these lie outside of all others, as height and width do, a mean or a maximum is one
/// over an image.
pub(super) fn reduce(
    site: &mut Site<'_>,
    data: &Data,
    axes: &[usize],
    keeps_axes: bool,
    reduction: Reduction,
) -> Option<Data> {
    let sizes = data.view.sizes();
    let own: Vec<usize> = (0..sizes.len()).collect();
    let order = data.view.order().unwrap_or(own);
    let mut dims = sizes.clone();
    axes.iter().for_each(|&axis| dims[axis] = 1);
    let stored: Vec<usize> = order
        .iter()
        .copied()
        .filter(|&axis| sizes[axis] != 1)
        .collect();
    let is_reduced: Vec<bool> = stored.iter().map(|axis| axes.contains(axis)).collect();
    let count = is_reduced.iter().filter(|reduced| **reduced).count();
    let output = if count == 0 {
        // Axes of 1 only.
        data.view.tensor
    } else if is_reduced[..count].contains(&false) || reduction == Reduction::Sum {
        let tensor = site.dense(&data.view, &order, None)?;
        let op = Op::Reduce(Reduce {
            function: match reduction {
                Reduction::Mean => ReduceFunction::Mean,
                Reduction::Sum => ReduceFunction::Sum,
                Reduction::Max => ReduceFunction::Max,
            },
            axes: (0..stored.len()).filter(|&at| is_reduced[at]).collect(),
            keep_dims: false,
        });
        site.add(op, &[tensor], None)?
    } else {
        image(site, data, &order, &dims, reduction)?
    };
    let view = View::stored(output, &dims, &order);
    let view = if keeps_axes { view } else { view.without(axes) };
    Some(Data::new(view, count > 0 || data.exclusive))
}

/// The mean or maximum over an image whose channels are the elements of `dims`.
fn image(
    site: &mut Site<'_>,
    data: &Data,
    order: &[usize],
    dims: &[usize],
    reduction: Reduction,
) -> Option<TensorId> {
    let channels: usize = dims.iter().product();
    let count = data.view.elements() / channels;
    // An image keeps its own form.
    let own = site.to.shape(data.view.tensor).clone();
    let shape = match own.hwc() {
        Some([height, width, c]) if c == channels && height * width == count => own,
        _ => Shape::from([1, count, channels]),
    };
    let name = site.name();
    let tensor = site.to.stored(&name, &data.view, order, shape.clone());
    let tensor = site.check(tensor)?;
    let op = match reduction {
        Reduction::Mean | Reduction::Sum => Op::Mean(Mean {}),
        Reduction::Max => {
            let [height, width, _] = shape.hwc()?;
            Op::MaxPool2d(MaxPool2d {
                window: Window2d::valid([height, width], [1, 1]),
                activation: Activation::None,
            })
        }
    };
    site.add(op, &[tensor], None)
}
