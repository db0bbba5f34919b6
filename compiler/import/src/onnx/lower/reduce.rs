//! Reductions over axes: ReduceMean, ReduceSum, ReduceMax, and the pools over whole images.

use ember_ir::{
    Activation, MaxPool2d, Mean, Op, Reduce, ReduceFunction, Shape, TensorId, Window2d,
};

use crate::onnx::lowering::Data;
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
    over_axes(site, Reduction::Mean)
}

pub(super) fn sum(site: &mut Site<'_>) -> Option<()> {
    over_axes(site, Reduction::Sum)
}

pub(super) fn max(site: &mut Site<'_>) -> Option<()> {
    over_axes(site, Reduction::Max)
}

/// The axes are an attribute, or since opset 13 (sum) and 18 an operand.
fn over_axes(site: &mut Site<'_>, reduction: Reduction) -> Option<()> {
    let data = site.activation(0)?;
    let rank = data.view.sizes().len();
    let given = match site.ints("axes") {
        Some(axes) => Some(axes),
        None => site
            .optional(1, "list of axes")?
            .and_then(|axes| axes.to_ints()),
    };
    let axes = match given {
        Some(axes) if !axes.is_empty() => site.axes(&axes, rank)?,
        _ if site.int("noop_with_empty_axes", 0) != 0 => {
            let view = data.view.clone();
            return site.pass(&data, view);
        }
        _ => (0..rank).collect(),
    };
    let keeps = site.int("keepdims", 1) != 0;
    reduce(site, &data, &axes, keeps, reduction)
}

/// Reduces over axes. Where these lie outside of all others, as height and width do, a mean or a maximum is one
/// over an image.
pub(super) fn reduce(
    site: &mut Site<'_>,
    data: &Data,
    axes: &[usize],
    keeps_axes: bool,
    reduction: Reduction,
) -> Option<()> {
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
    if count == 0 {
        site.pass(data, view)
    } else {
        site.write(view)
    }
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
