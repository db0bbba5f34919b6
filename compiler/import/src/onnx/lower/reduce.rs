//! Reductions over axes: ReduceMean, ReduceSum, ReduceMax, and the pools over whole images.

use ember_ir::{Activation, MaxPool2d, Mean, Op, Shape, Window2d};

use super::affine;
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

/// Reduces over axes that lie outside of the others in memory.
pub(super) fn reduce(
    site: &mut Site<'_>,
    data: &Data,
    axes: &[usize],
    keeps_axes: bool,
    reduction: Reduction,
) -> Option<()> {
    let sizes = data.view.sizes();
    let kept: Vec<usize> = (0..sizes.len())
        .filter(|axis| !axes.contains(axis))
        .collect();
    let count: usize = axes.iter().map(|&axis| sizes[axis]).product();
    let mut dims = sizes.clone();
    axes.iter().for_each(|&axis| dims[axis] = 1);
    let channels: usize = dims.iter().product();
    // The kept axes in the order in which they are stored.
    let stored = data
        .view
        .order()
        .unwrap_or_else(|| (0..sizes.len()).collect());
    let kept_order: Vec<usize> = stored
        .iter()
        .copied()
        .filter(|axis| kept.contains(axis))
        .collect();
    let reduced = stored.iter().copied().filter(|axis| axes.contains(axis));
    let order: Vec<usize> = reduced.chain(kept_order.iter().copied()).collect();
    let name = site.name();
    // A mean keeps the image's own form where it has one.
    let own = site.to.shape(data.view.tensor).clone();
    let shape = match own.hwc() {
        Some([height, width, c]) if c == channels && height * width == count => own,
        _ => Shape::from([1, count, channels]),
    };
    let tensor = site.to.stored(&name, &data.view, &order, shape.clone());
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
    let output = site.add(op, &[tensor], None)?;
    let view = View::stored(output, &dims, &order);
    let view = if keeps_axes { view } else { view.without(axes) };
    if reduction == Reduction::Sum && count > 1 {
        let scale = vec![count as f32; channels];
        return affine::scale(site, &Data::new(view, true), &scale, &vec![0.0; channels]);
    }
    site.write(view)
}
