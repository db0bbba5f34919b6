//! SLICE and STRIDED_SLICE; SPLIT and SPLIT_V as a slice per output.

use ember_ir::{Move, Op, Shape, Slice};

use super::Lowered;
use super::site::{EXPORT_AGAIN, Site};
use crate::tflite::flatbuffer::Table;

const BEGIN_MASK: u16 = 0;
const END_MASK: u16 = 1;
const ELLIPSIS_MASK: u16 = 2;
const NEW_AXIS_MASK: u16 = 3;
const SHRINK_AXIS_MASK: u16 = 4;
const OFFSET: u16 = 5;

/// Inputs: tensor, first index and number of elements (−1: all that are left) of each axis.
pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(3, 3)?;
    let (index, input, rank) = site.tensor(0)?;
    let (begin, size) = (site.per_axis(1, rank)?, site.per_axis(2, rank)?);
    site.same_quant(input)?;
    if begin[0] != 0 || !(size[0] == 1 || size[0] == -1) {
        site.batch();
        return None;
    }
    let mut slice = whole(&input.shape);
    for (axis, &dim) in input.shape.dims().iter().enumerate() {
        let begin = begin[axis + 1];
        let size = match size[axis + 1] {
            -1 => dim as i64 - begin,
            size => size,
        };
        match (usize::try_from(begin), usize::try_from(size)) {
            (Ok(begin), Ok(size)) => (slice.begin[axis], slice.size[axis]) = (begin, size),
            _ => return refuse(site, begin, size),
        }
    }
    site.finish(Op::Move(Move::Slice(slice)), &[(index, input)], None)
}

/// Inputs: tensor, first index, index behind the last, step of each axis; masks of axes that are special.
pub(super) fn lower_strided(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(4, 4)?;
    let (index, input, rank) = site.tensor(0)?;
    let begin = site.per_axis(1, rank)?;
    let end = site.per_axis(2, rank)?;
    let step = site.per_axis(3, rank)?;
    site.same_quant(input)?;
    let mut mask = |field| site.attribute(field, 0, Table::i32);
    let (begin_mask, end_mask, shrink) =
        (mask(BEGIN_MASK)?, mask(END_MASK)?, mask(SHRINK_AXIS_MASK)?);
    let others = mask(ELLIPSIS_MASK)? | mask(NEW_AXIS_MASK)?;
    if others != 0 || site.attribute(OFFSET, false, bool_of)? {
        site.problem(
            "it has an ellipsis, a new axis or an end that counts from its begin",
            "write begin, end and step of every axis",
        );
        return None;
    }
    let mut slice = whole(&input.shape);
    let dims = [&[1], input.shape.dims()].concat();
    for (axis, &dim) in dims.iter().enumerate() {
        let (dim, step) = (dim as i64, step[axis]);
        let is = |mask: i32| mask & (1 << axis) != 0;
        let absolute = |at: i64| if at < 0 { at.saturating_add(dim) } else { at };
        // Where a walk may begin and has to end.
        let [low, high] = if step < 0 { [-1, dim - 1] } else { [0, dim] };
        let mut first = absolute(begin[axis]).clamp(low, high);
        let mut last = absolute(end[axis]).clamp(low, high);
        if is(begin_mask) {
            first = if step < 0 { high } else { low };
        }
        if is(end_mask) {
            last = if step < 0 { low } else { high };
        }
        if is(shrink) {
            (first, last) = (absolute(begin[axis]), absolute(begin[axis]) + 1);
        }
        let step = if is(shrink) { 1 } else { step };
        let Some(size) = elements(first, last, step) else {
            return refuse(site, first, last - first);
        };
        if axis == 0 {
            if size != 1 || is(shrink) {
                site.batch();
                return None;
            }
            continue;
        }
        slice.begin[axis - 1] = usize::try_from(first).ok()?;
        slice.size[axis - 1] = size;
        slice.step[axis - 1] = isize::try_from(step).ok()?;
    }
    site.finish(Op::Move(Move::Slice(slice)), &[(index, input)], None)
}

/// SPLIT: inputs axis, tensor; as many equal parts as there are outputs.
pub(super) fn lower_split(site: &mut Site<'_, '_>) -> Option<Vec<Lowered>> {
    let axis = site.integers(0)?;
    let (index, input, rank) = site.tensor(1)?;
    let axis = single(site, &axis).and_then(|axis| site.axis(axis, rank))?;
    let parts = site.outputs();
    let dim = input.shape.dims()[axis];
    if parts == 0 || !dim.is_multiple_of(parts) {
        site.problem(
            format!("it splits {dim} into {parts} equal parts"),
            EXPORT_AGAIN,
        );
        return None;
    }
    let sizes = vec![dim / parts; parts];
    split(site, index, axis, &sizes)
}

/// SPLIT_V: inputs tensor, sizes (one may be −1: what is left), axis.
pub(super) fn lower_split_v(site: &mut Site<'_, '_>) -> Option<Vec<Lowered>> {
    let (index, input, rank) = site.tensor(0)?;
    let (given, axis) = (site.integers(1)?, site.integers(2)?);
    let axis = single(site, &axis).and_then(|axis| site.axis(axis, rank))?;
    let dim = input.shape.dims()[axis];
    let known = given.iter().filter(|&&size| size >= 0);
    let known = known.fold(0i64, |sum, &size| sum.saturating_add(size));
    let rest = usize::try_from(dim as i64 - known).unwrap_or(0);
    let sizes: Vec<usize> = given
        .iter()
        .map(|&size| usize::try_from(size).unwrap_or(rest))
        .collect();
    if sizes.len() != site.outputs()
        || sizes.iter().fold(0usize, |a, &b| a.saturating_add(b)) != dim
    {
        site.problem(
            format!(
                "it splits {dim} into {} outputs of {given:?}",
                site.outputs()
            ),
            EXPORT_AGAIN,
        );
        return None;
    }
    split(site, index, axis, &sizes)
}

/// A slice per output.
fn split(
    site: &mut Site<'_, '_>,
    index: usize,
    axis: usize,
    sizes: &[usize],
) -> Option<Vec<Lowered>> {
    let input = site.activations().get(index)?;
    let mut begin = 0;
    let mut parts = Vec::new();
    for (number, &size) in sizes.iter().enumerate() {
        site.same_quant_at(input, number)?;
        let mut slice = whole(&input.shape);
        (slice.begin[axis], slice.size[axis]) = (begin, size);
        begin += size;
        let op = Op::Move(Move::Slice(slice));
        parts.push(site.finish_at(number, op, &[(index, input)], None)?);
    }
    Some(parts)
}

/// The slice that takes everything.
fn whole(shape: &Shape) -> Slice {
    let dims = shape.dims();
    Slice {
        begin: vec![0; dims.len()],
        size: dims.to_vec(),
        step: vec![1; dims.len()],
    }
}

/// Elements of a walk, at least one.
fn elements(first: i64, last: i64, step: i64) -> Option<usize> {
    let distance = last.checked_sub(first)?;
    if step == 0 || distance.signum() != step.signum() {
        return None;
    }
    usize::try_from((distance.unsigned_abs() - 1) / step.unsigned_abs() + 1).ok()
}

fn single(site: &mut Site<'_, '_>, numbers: &[i64]) -> Option<i64> {
    if let &[number] = numbers {
        return Some(number);
    }
    site.problem(format!("its axis is {numbers:?}"), EXPORT_AGAIN);
    None
}

fn bool_of(table: &Table<'_>, field: u16) -> Result<Option<bool>, crate::error::Malformed> {
    Ok(table.u8(field)?.map(|value| value != 0))
}

fn refuse<T>(site: &mut Site<'_, '_>, begin: i64, size: i64) -> Option<T> {
    site.problem(
        format!("it takes {size} elements from index {begin} on"),
        EXPORT_AGAIN,
    );
    None
}
