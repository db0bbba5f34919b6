//! Softmax, its logarithm and the division by the Euclidean length, over all elements of a sample or over each
//! row of them.

use ember_ir::{L2Norm, LogSoftmax, Op, Shape, Softmax};

use crate::onnx::lowering::Data;
use crate::onnx::site::Site;
use crate::onnx::view::View;

pub(super) fn softmax(site: &mut Site<'_>) -> Option<()> {
    // Before opset 13 all axes from the given one on count as one.
    let is_old = site.to.opset < 13;
    of_input(site, Op::Softmax(Softmax {}), is_old)
}

pub(super) fn log_softmax(site: &mut Site<'_>) -> Option<()> {
    let is_old = site.to.opset < 13;
    of_input(site, Op::LogSoftmax(LogSoftmax {}), is_old)
}

pub(super) fn lp_normalization(site: &mut Site<'_>) -> Option<()> {
    let p = site.int("p", 2);
    site.require(
        p == 2,
        &format!("its p is {p}"),
        "use the Euclidean length, p = 2",
    )?;
    of_input(site, Op::L2Norm(L2Norm {}), false)
}

fn of_input(site: &mut Site<'_>, op: Op, is_old: bool) -> Option<()> {
    let data = site.activation(0)?;
    over(site, &data, op, if is_old { 1 } else { -1 }, is_old)
}

/// A function over the axis that the attribute `axis` names (`default`, if it is missing), or if `is_old` over
/// all from there on.
pub(super) fn over(
    site: &mut Site<'_>,
    data: &Data,
    op: Op,
    default: i64,
    is_old: bool,
) -> Option<()> {
    let sizes = data.view.sizes();
    let axis = site.int("axis", default);
    let axis = site.axis(axis, sizes.len().max(1))?;
    let over: usize = match is_old {
        true => sizes[axis.min(sizes.len())..].iter().product(),
        false => sizes.get(axis).copied().unwrap_or(1),
    };
    let name = site.name();
    let elements = data.view.elements();
    if over == elements {
        // The order of the elements does not matter.
        let tensor = site
            .to
            .reshape(&name, data.view.tensor, Shape::from([over]));
        let tensor = site.check(tensor)?;
        let output = site.add(op, &[tensor], None)?;
        return site.write(data.view.of(output));
    }
    // The axes that it runs over come last, the others keep their order.
    let own: Vec<usize> = (0..sizes.len()).collect();
    let stored = data.view.order().unwrap_or(own);
    let is_over = |other: &usize| match is_old {
        true => *other >= axis,
        false => *other == axis,
    };
    let rows = stored.iter().copied().filter(|axis| !is_over(axis));
    let order: Vec<usize> = rows.chain(stored.iter().copied().filter(is_over)).collect();
    let shape = Shape::from([elements / over, over]);
    let tensor = site.to.stored(&name, &data.view, &order, shape);
    let tensor = site.check(tensor)?;
    let output = site.add(op, &[tensor], None)?;
    site.write(View::stored(output, &sizes, &order))
}
