//! Other views of the same elements: Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Identity.

use crate::onnx::constant::MAX_RANK;
use crate::onnx::lowering::Data;
use crate::onnx::site::{EXPORT_AGAIN, Site};
use crate::onnx::view::View;

/// New dimensions from old ones and the node's attributes.
type Dims = fn(&mut Site<'_>, &[usize]) -> Option<Vec<usize>>;

pub(super) fn identity(site: &mut Site<'_>) -> Option<()> {
    let is_float = matches!(site.int("to", 1), 1 | 10 | 11);
    site.require(
        is_float,
        "it makes integers of values that change from sample to sample",
        "let it run outside",
    )?;
    let data = site.activation(0)?;
    let view = data.view.clone();
    site.pass(&data, view)
}

/// Nothing happens in inference.
pub(super) fn dropout(site: &mut Site<'_>) -> Option<()> {
    let training = site.optional(2, "training mode")?;
    let trains = training.is_some_and(|flag| flag.scalar() != Some(0.0));
    site.require(
        !trains && !site.is_read(1),
        "it is in training mode, or its mask is used",
        "export the model for inference",
    )?;
    identity(site)
}

pub(super) fn transpose(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let permutation = permutation(site, data.view.sizes().len())?;
    let view = data.view.transposed(&permutation);
    site.pass(&data, view)
}

/// All axes, each once.
pub(super) fn permutation(site: &mut Site<'_>, rank: usize) -> Option<Vec<usize>> {
    let Some(axes) = site.ints("perm") else {
        return Some((0..rank).rev().collect());
    };
    site.require(
        axes.len() == rank,
        "its perm does not have all axes",
        EXPORT_AGAIN,
    )?;
    site.axes(&axes, rank)?;
    axes.into_iter().map(|axis| site.axis(axis, rank)).collect()
}

pub(super) fn flatten(site: &mut Site<'_>) -> Option<()> {
    view(site, flatten_dims)
}

pub(super) fn reshape(site: &mut Site<'_>) -> Option<()> {
    view(site, reshape_dims)
}

pub(super) fn squeeze(site: &mut Site<'_>) -> Option<()> {
    view(site, squeeze_dims)
}

pub(super) fn unsqueeze(site: &mut Site<'_>) -> Option<()> {
    view(site, unsqueeze_dims)
}

pub(super) fn flatten_dims(site: &mut Site<'_>, sizes: &[usize]) -> Option<Vec<usize>> {
    let axis = site.int("axis", 1);
    let axis = match axis == sizes.len() as i64 {
        true => sizes.len(),
        false => site.axis(axis, sizes.len())?,
    };
    let (outer, inner) = sizes.split_at(axis);
    Some(vec![outer.iter().product(), inner.iter().product()])
}

pub(super) fn reshape_dims(site: &mut Site<'_>, sizes: &[usize]) -> Option<Vec<usize>> {
    // An operand since opset 5.
    let wanted = match site.ints("shape") {
        Some(shape) => shape,
        None => site.constant(1, "shape")?.to_ints().unwrap_or_default(),
    };
    site.require(
        wanted.len() <= MAX_RANK,
        &format!("its shape has {} axes", wanted.len()),
        "at most 8 are supported",
    )?;
    let copies_zero = site.int("allowzero", 0) == 0;
    let mut dims = Vec::with_capacity(wanted.len());
    let mut open = None;
    for (axis, &size) in wanted.iter().enumerate() {
        match size {
            0 if copies_zero => dims.push(sizes.get(axis).copied().unwrap_or(0)),
            -1 if open.is_none() => {
                open = Some(axis);
                dims.push(1);
            }
            size => dims.push(usize::try_from(size).unwrap_or(0)),
        }
    }
    let elements: usize = sizes.iter().product();
    let product = dims
        .iter()
        .try_fold(1usize, |all, &dim| all.checked_mul(dim));
    if let (Some(axis), Some(product @ 1..)) = (open, product)
        && elements.is_multiple_of(product)
    {
        dims[axis] = elements / product;
    }
    Some(dims)
}

pub(super) fn squeeze_dims(site: &mut Site<'_>, sizes: &[usize]) -> Option<Vec<usize>> {
    let axes = match axes(site)? {
        Some(axes) => site.axes(&axes, sizes.len())?,
        None => (0..sizes.len()).filter(|&axis| sizes[axis] == 1).collect(),
    };
    site.require(
        axes.iter().all(|&axis| sizes[axis] == 1),
        &format!("it removes axes of {sizes:?} that are not 1"),
        EXPORT_AGAIN,
    )?;
    let kept = sizes
        .iter()
        .enumerate()
        .filter(|(axis, _)| !axes.contains(axis));
    Some(kept.map(|(_, &size)| size).collect())
}

pub(super) fn unsqueeze_dims(site: &mut Site<'_>, sizes: &[usize]) -> Option<Vec<usize>> {
    let axes = axes(site)?.unwrap_or_default();
    let rank = sizes.len() + axes.len();
    site.require(
        rank <= MAX_RANK,
        "its result has more than 8 axes",
        "at most 8 are supported",
    )?;
    let mut dims = sizes.to_vec();
    for axis in site.axes(&axes, rank)? {
        dims.insert(axis, 1);
    }
    Some(dims)
}

/// Axes as an attribute or, since opset 13, as an operand.
fn axes(site: &mut Site<'_>) -> Option<Option<Vec<i64>>> {
    if let Some(axes) = site.ints("axes") {
        return Some(Some(axes));
    }
    let operand = site.optional(1, "list of axes")?;
    Some(operand.and_then(|axes| axes.to_ints()))
}

/// The same elements under other dimensions.
fn view(site: &mut Site<'_>, dims: Dims) -> Option<()> {
    let data: Data = site.activation(0)?;
    let sizes = data.view.sizes();
    let dims = dims(site, &sizes)?;
    let product = dims
        .iter()
        .try_fold(1usize, |all, &dim| all.checked_mul(dim));
    site.require(
        product == Some(data.view.elements()),
        &format!("it makes {sizes:?} into {dims:?}"),
        EXPORT_AGAIN,
    )?;
    let view = reshaped(site, &data.view, &dims)?;
    match view.tensor == data.view.tensor {
        true => site.pass(&data, view),
        false => site.write(view),
    }
}

/// A view under other dimensions of as many elements; they are moved only if they cannot stay.
pub(super) fn reshaped(site: &mut Site<'_>, view: &View, dims: &[usize]) -> Option<View> {
    match view.reshaped(dims) {
        Some(view) => Some(view),
        None => Some(View::plain(site.plain(view)?.tensor, dims)),
    }
}
