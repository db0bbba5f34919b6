//! Softmax over all elements of a sample. The order in which they lie does not matter.

use ember_ir::{Op, Shape, Softmax};

use crate::onnx::site::Site;

pub(super) fn softmax(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let sizes = data.view.sizes();
    // Before opset 13 all axes from this one on count as one.
    let is_old = site.to.opset < 13;
    let axis = site.int("axis", if is_old { 1 } else { -1 });
    let axis = site.axis(axis, sizes.len().max(1))?;
    let over: usize = match is_old {
        true => sizes[axis.min(sizes.len())..].iter().product(),
        false => sizes.get(axis).copied().unwrap_or(1),
    };
    site.require(
        over == data.view.elements(),
        &format!(
            "it runs over {over} of the {} values of {sizes:?}",
            data.view.elements()
        ),
        "only a softmax over a whole sample is supported yet",
    )?;
    let name = site.name();
    let tensor = site
        .to
        .reshape(&name, data.view.tensor, Shape::from([over]));
    let tensor = site.check(tensor)?;
    let output = site.add(Op::Softmax(Softmax {}), &[tensor], None)?;
    site.write(data.view.of(output))
}
