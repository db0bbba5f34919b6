//! PRelu: what is negative times a slope. One slope for all is a function of one number.

use ember_ir::{
    Activation, Binary, BinaryFunction, Constant, FloatParams, Function, Op, Real, Shape,
};

use super::{arithmetic, unary};
use crate::onnx::site::{EXPORT_AGAIN, Site};

pub(super) fn prelu(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let slope = site.constant(1, "slope")?;
    let slopes = arithmetic::broadcast(site, &data, &slope)?;
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
    site.spend(2 * slopes.len())?;
    let view = &data.view;
    let stored: Vec<f32> = view.numbers().iter().map(|&at| slopes[at]).collect();
    // Per channel, if the last stored axis is enough to tell them apart.
    let shape = site.to.shape(view.tensor).clone();
    let last = shape.dims().last().copied().unwrap_or(1);
    let repeats = stored.iter().zip(&stored[last..]).all(|(x, y)| x == y);
    let (shape, values) = match repeats {
        true => (Shape::from([last]), stored[..last].to_vec()),
        false => (shape, stored),
    };
    let constant = FloatParams {
        weights: values,
        bias: Vec::new(),
    };
    let name = format!("{}_slope", site.name());
    let slope = site
        .to
        .node(&name, Op::Constant(Constant { shape }), &[], Some(constant));
    let slope = site.check(slope)?;
    let op = Op::Binary(Binary {
        function: BinaryFunction::Prelu,
        activation: Activation::None,
    });
    let output = site.add(op, &[view.tensor, slope], None)?;
    site.write(view.of(output))
}
