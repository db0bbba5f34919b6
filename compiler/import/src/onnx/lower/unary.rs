//! Functions of one number: Relu and Clip, fused to the layer before where that is possible, and those that
//! are a table on the device.

use ember_ir::{Activation, Function, Op, Real, Unary};

use crate::onnx::lowering::Data;
use crate::onnx::site::Site;

pub(super) fn relu(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    limit(site, &data, 0.0, f32::INFINITY)
}

/// Limits are attributes, or since opset 11 operands.
pub(super) fn clip(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let mut limits = [f32::NEG_INFINITY, f32::INFINITY];
    for (index, name) in ["min", "max"].into_iter().enumerate() {
        let constant = site.optional(index + 1, "limit")?;
        let given = constant.and_then(|constant| constant.scalar());
        limits[index] = given.unwrap_or_else(|| site.float(name, limits[index]));
    }
    limit(site, &data, limits[0], limits[1])
}

/// Keeps a value between two limits.
pub(super) fn limit(site: &mut Site<'_>, data: &Data, low: f32, high: f32) -> Option<()> {
    // What f32 cannot exceed limits nothing.
    let low = if low <= f32::MIN {
        f32::NEG_INFINITY
    } else {
        low
    };
    let high = if high >= f32::MAX {
        f32::INFINITY
    } else {
        high
    };
    site.require(
        !low.is_nan() && !high.is_nan(),
        "its limits are not numbers",
        "give it finite limits",
    )?;
    let activation = match (low, high) {
        (f32::NEG_INFINITY, f32::INFINITY) => Some(Activation::None),
        (0.0, 6.0) => Some(Activation::Relu6),
        (0.0, f32::INFINITY) => Some(Activation::Relu),
        _ => None,
    };
    let view = data.view.clone();
    if activation == Some(Activation::None) {
        return site.pass(data, view);
    }
    if activation.is_some_and(|activation| site.to.fuse(data, activation)) {
        return site.pass(data, view);
    }
    // Below the lower limit everything is the upper one, should they be the wrong way round.
    let clip = Function::clip(low.min(high), high);
    apply(site, data, clip)
}

pub(super) fn sigmoid(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Logistic)
}

pub(super) fn tanh(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Tanh)
}

pub(super) fn leaky_relu(site: &mut Site<'_>) -> Option<()> {
    let alpha = Real::new(site.float("alpha", 0.01));
    function(site, Function::LeakyRelu { alpha })
}

pub(super) fn hard_swish(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::HardSwish)
}

pub(super) fn hard_sigmoid(site: &mut Site<'_>) -> Option<()> {
    let [alpha, beta] = [site.float("alpha", 0.2), site.float("beta", 0.5)].map(Real::new);
    function(site, Function::HardSigmoid { alpha, beta })
}

pub(super) fn elu(site: &mut Site<'_>) -> Option<()> {
    let alpha = Real::new(site.float("alpha", 1.0));
    let gamma = Real::new(1.0);
    match alpha == gamma {
        true => function(site, Function::Elu),
        false => function(site, Function::Selu { alpha, gamma }),
    }
}

pub(super) fn selu(site: &mut Site<'_>) -> Option<()> {
    let alpha = Real::new(site.float("alpha", 1.673_263_2));
    let gamma = Real::new(site.float("gamma", 1.050_701));
    function(site, Function::Selu { alpha, gamma })
}

pub(super) fn celu(site: &mut Site<'_>) -> Option<()> {
    let alpha = Real::new(site.float("alpha", 1.0));
    function(site, Function::Celu { alpha })
}

pub(super) fn erf(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Erf)
}

pub(super) fn gelu(site: &mut Site<'_>) -> Option<()> {
    let is_tanh = site.text("approximate") == Some("tanh");
    function(
        site,
        if is_tanh {
            Function::GeluTanh
        } else {
            Function::Gelu
        },
    )
}

pub(super) fn softplus(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Softplus)
}

pub(super) fn softsign(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Softsign)
}

pub(super) fn mish(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Mish)
}

pub(super) fn sin(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Sin)
}

pub(super) fn cos(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Cos)
}

pub(super) fn reciprocal(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Reciprocal)
}

pub(super) fn abs(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Abs)
}

pub(super) fn neg(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Neg)
}

pub(super) fn exp(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Exp)
}

pub(super) fn log(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Log)
}

pub(super) fn sqrt(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Sqrt)
}

pub(super) fn floor(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Floor)
}

pub(super) fn ceil(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Ceil)
}

pub(super) fn round(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Round)
}

pub(super) fn sign(site: &mut Site<'_>) -> Option<()> {
    function(site, Function::Sign)
}

fn function(site: &mut Site<'_>, function: Function) -> Option<()> {
    let data = site.activation(0)?;
    apply(site, &data, function)
}

/// Applies a function to each element, whatever the order in which they lie.
pub(super) fn apply(site: &mut Site<'_>, data: &Data, function: Function) -> Option<()> {
    let data = applied(site, data, function)?;
    site.write(data.view)
}

/// The value of a function of each element.
pub(super) fn applied(site: &mut Site<'_>, data: &Data, function: Function) -> Option<Data> {
    let output = site.add(Op::Unary(Unary { function }), &[data.view.tensor], None)?;
    Some(Data::new(data.view.of(output), true))
}
