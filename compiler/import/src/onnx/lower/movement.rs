//! Elements elsewhere: Concat, Split, Slice and Gather with constant indices.

use ember_ir::{Concat, Gather, Move, Op, Shape, Slice, TensorId};

use super::fold::select::positions;
use super::shape;
use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::{EXPORT_AGAIN, Site};
use crate::onnx::view::View;

/// A value as a tensor with one axis per dimension, in the order in which it is stored.
pub(super) struct Stored {
    pub tensor: TensorId,
    pub sizes: Vec<usize>,
    order: Vec<usize>,
}

impl Stored {
    pub fn new(site: &mut Site<'_>, data: &Data) -> Option<Self> {
        let sizes = data.view.sizes();
        let own = || (0..sizes.len()).collect();
        let order = data.view.order().unwrap_or_else(own);
        Self::in_order(site, &data.view, order)
    }

    fn in_order(site: &mut Site<'_>, view: &View, order: Vec<usize>) -> Option<Self> {
        let sizes = view.sizes();
        let shape: Vec<usize> = order.iter().map(|&axis| sizes[axis]).collect();
        let name = site.name();
        let tensor = site.to.stored(&name, view, &order, Shape::new(shape));
        Some(Self {
            tensor: site.check(tensor)?,
            sizes,
            order,
        })
    }

    /// Where a dimension is stored.
    pub fn place(&self, axis: usize) -> usize {
        self.order
            .iter()
            .position(|&other| other == axis)
            .unwrap_or(0)
    }

    /// The result of a move that leaves the axes in their order.
    pub fn view(&self, tensor: TensorId, sizes: &[usize]) -> View {
        View::stored(tensor, sizes, &self.order)
    }

    /// Elements of an axis by their indices.
    pub fn gather(&mut self, site: &mut Site<'_>, axis: usize, indices: Vec<usize>) -> Option<()> {
        self.sizes[axis] = indices.len();
        let op = Gather {
            axis: self.place(axis),
            indices,
        };
        self.tensor = site.add(Op::Move(Move::Gather(op)), &[self.tensor], None)?;
        Some(())
    }
}

pub(super) fn concat(site: &mut Site<'_>) -> Option<()> {
    let inputs = 0..site.node.inputs.len();
    let all: Vec<Data> = inputs
        .map(|slot| site.activation(slot))
        .collect::<Option<_>>()?;
    joined(site, &all)
}

/// Values one after the other along the axis that the attribute `axis` names.
pub(super) fn joined(site: &mut Site<'_>, all: &[Data]) -> Option<()> {
    let [first, rest @ ..] = all else {
        site.problem("it has no inputs", EXPORT_AGAIN);
        return None;
    };
    let first = Stored::new(site, first)?;
    let axis = site.axis(site.int("axis", 0), first.sizes.len())?;
    let mut sizes = first.sizes.clone();
    let mut tensors = vec![first.tensor];
    for next in rest {
        let others = next.view.sizes();
        site.require(
            others.len() == sizes.len(),
            &format!("its inputs have the shapes {sizes:?} and {others:?}"),
            EXPORT_AGAIN,
        )?;
        let next = Stored::in_order(site, &next.view, first.order.clone())?;
        sizes[axis] += next.sizes[axis];
        tensors.push(next.tensor);
    }
    let op = Concat {
        axis: first.place(axis),
    };
    let output = site.add(Op::Move(Move::Concat(op)), &tensors, None)?;
    site.write(first.view(output, &sizes))
}

pub(super) fn split(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let stored = Stored::new(site, &data)?;
    let axis = site.axis(site.int("axis", 0), stored.sizes.len())?;
    let size = stored.sizes[axis];
    let count = site.node.outputs.len();
    // An operand since opset 13.
    let given = match site.ints("split") {
        Some(parts) => Some(parts),
        None => site
            .optional(1, "list of parts")?
            .and_then(|parts| parts.to_ints()),
    };
    let parts: Vec<usize> = match given {
        Some(parts) => parts
            .iter()
            .filter_map(|&part| usize::try_from(part).ok())
            .collect(),
        // The last one may be smaller.
        None => {
            let part = size.div_ceil(count.max(1));
            (0..count)
                .map(|index| part.min(size.saturating_sub(index * part)))
                .collect()
        }
    };
    site.require(
        parts.len() == count
            && parts
                .iter()
                .try_fold(0usize, |all, &part| all.checked_add(part))
                == Some(size),
        &format!("its parts {parts:?} are not those of {size}"),
        EXPORT_AGAIN,
    )?;
    let mut begin = 0;
    for (slot, part) in parts.into_iter().enumerate() {
        let mut ranges: Vec<(usize, usize, isize)> =
            stored.sizes.iter().map(|&size| (0, size, 1)).collect();
        ranges[axis] = (begin, part, 1);
        begin += part;
        let view = sliced(site, &stored, &ranges)?;
        site.set(slot, Value::Activation(Data::new(view, true)))?;
    }
    Some(())
}

pub(super) fn slice(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let stored = Stored::new(site, &data)?;
    let rank = stored.sizes.len();
    // Operands since opset 10.
    let mut lists = Vec::with_capacity(4);
    for (slot, name) in [(1, "starts"), (2, "ends"), (3, "axes"), (4, "steps")] {
        lists.push(match site.ints(name) {
            Some(list) => Some(list),
            None => site
                .optional(slot, "range")?
                .and_then(|list| list.to_ints()),
        });
    }
    let starts = lists[0].take().unwrap_or_default();
    let ends = lists[1].take().unwrap_or_default();
    let axes = lists[2]
        .take()
        .unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = lists[3].take().unwrap_or_else(|| vec![1; starts.len()]);
    let count = starts.len();
    site.require(
        [ends.len(), axes.len(), steps.len()] == [count; 3],
        "its starts, ends, axes and steps differ in number",
        EXPORT_AGAIN,
    )?;
    let mut ranges: Vec<(usize, usize, isize)> =
        stored.sizes.iter().map(|&size| (0, size, 1)).collect();
    for index in 0..count {
        let axis = site.axis(axes[index], rank)?;
        let range = range(stored.sizes[axis], starts[index], ends[index], steps[index]);
        site.require(range.is_some(), "it takes nothing of an axis", EXPORT_AGAIN)?;
        ranges[axis] = range?;
    }
    let view = sliced(site, &stored, &ranges)?;
    site.write(view)
}

/// Begin, number and step of a range that counts from the end where it is negative, and ends at the ends.
fn range(size: usize, start: i64, end: i64, step: i64) -> Option<(usize, usize, isize)> {
    let size = i64::try_from(size).ok()?;
    let from_end = |at: i64| if at < 0 { at.saturating_add(size) } else { at };
    let (start, end) = (from_end(start), from_end(end));
    let (start, end) = match step {
        0 => return None,
        1.. => (start.clamp(0, size), end.clamp(0, size)),
        _ => (start.clamp(-1, size - 1), end.clamp(-1, size - 1)),
    };
    let span = if step > 0 { end - start } else { start - end };
    let stride = step.checked_abs()?;
    let count = (span.max(0) + stride - 1) / stride;
    // A step beyond the axis is never taken.
    let step = step.clamp(-size, size);
    (count > 0).then_some((start as usize, count as usize, step as isize))
}

/// A range of each dimension: begin, number, step.
fn sliced(site: &mut Site<'_>, stored: &Stored, ranges: &[(usize, usize, isize)]) -> Option<View> {
    let sizes: Vec<usize> = ranges.iter().map(|&(_, size, _)| size).collect();
    let ranges = || stored.order.iter().map(|&axis| ranges[axis]);
    let op = Slice {
        begin: ranges().map(|(begin, ..)| begin).collect(),
        size: ranges().map(|(_, size, _)| size).collect(),
        step: ranges().map(|(.., step)| step).collect(),
    };
    let output = site.add(Op::Move(Move::Slice(op)), &[stored.tensor], None)?;
    Some(stored.view(output, &sizes))
}

pub(super) fn gather(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let indices = site.constant(1, "list of indices")?;
    let mut stored = Stored::new(site, &data)?;
    let axis = site.axis(site.int("axis", 0), stored.sizes.len())?;
    let size = stored.sizes[axis];
    let chosen = positions(site, &indices, size)?;
    site.require(!chosen.is_empty(), "it has no indices", EXPORT_AGAIN)?;
    stored.gather(site, axis, chosen)?;
    // The axis becomes those of the indices: none for a single one.
    let view = stored.view(stored.tensor, &stored.sizes);
    let dims = [
        &stored.sizes[..axis],
        &indices.dims,
        &stored.sizes[axis + 1..],
    ]
    .concat();
    let view = shape::reshaped(site, &view, &dims)?;
    site.write(view)
}
