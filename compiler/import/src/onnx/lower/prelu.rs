//! PRelu: what is negative times a slope. One slope for all is a function of one number.

use ember_ir::{Activation, Binary, BinaryFunction, Function, Op, Real};

use super::{spread, unary};
use crate::onnx::site::{EXPORT_AGAIN, Site};

pub(super) fn prelu(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let slope = site.constant(1, "slope")?;
    let slopes = spread::broadcast(site, &data, &slope)?;
    site.require(
        slopes.iter().all(|slope| slope.is_finite()),
        "its slopes are not finite",
        EXPORT_AGAIN,
    )?;
    let first = slopes.first().copied().unwrap_or(0.0);
    if slopes.iter().all(|&slope| slope == first) {
        let alpha = Real::new(first);
        return unary::apply(site, &data, Function::LeakyRelu { alpha });
    }
    let slope = spread::tensor(site, &data, &slopes, "slope")?;
    let view = &data.view;
    let op = Op::Binary(Binary {
        function: BinaryFunction::Prelu,
        activation: Activation::None,
    });
    let output = site.add(op, &[view.tensor, slope], None)?;
    site.write(view.of(output))
}
