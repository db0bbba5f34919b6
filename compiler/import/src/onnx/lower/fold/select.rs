//! Parts of constants, and the same elements in another order or under another shape.

use std::rc::Rc;

use crate::onnx::constant::{Constant, MAX_RANK, Values};
use crate::onnx::lower::shape;
use crate::onnx::lowering::Value;
use crate::onnx::site::{EXPORT_AGAIN, Site};
use crate::onnx::view::View;

pub(super) fn concat(site: &mut Site<'_>, inputs: &[Option<&Constant>]) -> Option<Constant> {
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

/// Constant indices as places on an axis of this size; negative ones count from its end.
pub(in crate::onnx::lower) fn positions(
    site: &mut Site<'_>,
    indices: &Constant,
    size: usize,
) -> Option<Vec<usize>> {
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
    Some(chosen)
}

pub(super) fn gather(site: &mut Site<'_>, data: &Constant, indices: &Constant) -> Option<Constant> {
    let axis = site.axis(site.int("axis", 0), data.dims.len())?;
    let size = data.dims[axis];
    let chosen = positions(site, indices, size)?;
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

pub(super) fn slice(
    site: &mut Site<'_>,
    data: &Constant,
    operands: &[Option<&Constant>],
) -> Option<Constant> {
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
pub(super) fn viewed(site: &mut Site<'_>, data: &Constant) -> Option<bool> {
    site.require(!data.dims.contains(&0), "its input is empty", EXPORT_AGAIN)?;
    let lower = match site.node.op.as_str() {
        "Reshape" => shape::reshape_dims,
        "Flatten" => shape::flatten_dims,
        "Squeeze" => shape::squeeze_dims,
        "Unsqueeze" => shape::unsqueeze_dims,
        _ => {
            let permutation = shape::permutation(site, data.dims.len())?;
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

/// Positions: for each index, row-major, the sum of what each axis adds.
pub(super) fn places(dims: &[usize], add: impl Fn(usize, usize) -> usize) -> Vec<usize> {
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
pub(super) fn strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis];
    }
    strides
}
