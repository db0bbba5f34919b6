//! y = a·x + b with constants per element: batch normalisation, and arithmetic with constants. It is folded
//! into the layer before where that has weights and nobody else reads it; else it is a depthwise convolution
//! of 1×1.

use ember_ir::{Activation, DepthwiseConv2d, FloatParams, Op, Shape, Window2d};

use crate::onnx::lowering::Data;
use crate::onnx::site::{EXPORT_AGAIN, Site};

pub(super) fn batch_normalization(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    site.require(
        site.int("training_mode", 0) == 0,
        "it is in training mode",
        "export the model for inference",
    )?;
    let sizes = data.view.sizes();
    let channels = sizes.get(1).copied().unwrap_or(1);
    let mut lists = Vec::with_capacity(4);
    for (slot, what) in [(1, "scale"), (2, "bias"), (3, "mean"), (4, "variance")] {
        let list = site.constant(slot, what)?.to_floats();
        site.require(
            list.len() == channels,
            &format!(
                "its {what} has {} values for {channels} channels",
                list.len()
            ),
            EXPORT_AGAIN,
        )?;
        lists.push(list);
    }
    let epsilon = site.float("epsilon", 1e-5);
    let factor = |c: usize| lists[0][c] / (lists[3][c] + epsilon).sqrt();
    let inner: usize = sizes.iter().skip(2).product();
    let elements = data.view.elements();
    site.spend(elements)?;
    let channel = |number: usize| number / inner % channels;
    let a: Vec<f32> = (0..elements)
        .map(|number| factor(channel(number)))
        .collect();
    let b: Vec<f32> = (0..elements)
        .map(channel)
        .map(|c| lists[1][c] - lists[2][c] * factor(c))
        .collect();
    scale(site, &data, &a, &b)
}

/// Writes a·x + b; both lists have a value per element, in the order of the value.
pub(super) fn scale(site: &mut Site<'_>, data: &Data, a: &[f32], b: &[f32]) -> Option<()> {
    let finite = a.iter().chain(b).all(|value| value.is_finite());
    site.require(
        finite,
        "its constants give values that are not finite",
        EXPORT_AGAIN,
    )?;
    let view = &data.view;
    site.spend(3 * view.elements())?;
    let numbers = view.numbers();
    let [a, b] = [a, b].map(|list| -> Vec<f32> { numbers.iter().map(|&at| list[at]).collect() });
    // Per channel, if the last stored axis is enough to tell the constants apart.
    let last = *site.to.shape(view.tensor).dims().last().unwrap_or(&1);
    let repeats =
        |list: &[f32], period: usize| list.iter().zip(&list[period..]).all(|(x, y)| x == y);
    let per_channel = repeats(&a, last) && repeats(&b, last);
    let channels = if per_channel { last } else { view.elements() };
    let (a, b) = (&a[..channels], &b[..channels]);
    if data.exclusive && per_channel && fold(site, data, a, b) {
        let view = view.clone();
        return site.pass(data, view);
    }
    let name = site.name();
    let shape = match site.to.shape(view.tensor).hwc() {
        Some([height, width, _]) if per_channel => Shape::from([height, width, channels]),
        _ => Shape::from([1, view.elements() / channels, channels]),
    };
    let tensor = site.to.reshape(&name, view.tensor, shape);
    let tensor = site.check(tensor)?;
    let op = Op::DepthwiseConv2d(DepthwiseConv2d {
        window: Window2d::valid([1, 1], [1, 1]),
        multiplier: 1,
        activation: Activation::None,
    });
    let params = FloatParams {
        weights: a.to_vec(),
        bias: b.to_vec(),
    };
    let output = site.add(op, &[tensor], Some(params))?;
    site.write(view.of(output))
}

/// Folds per-channel constants into the layer that wrote the value; whether that is possible.
fn fold(site: &mut Site<'_>, data: &Data, a: &[f32], b: &[f32]) -> bool {
    let tensor = data.view.tensor;
    let Some(index) = site.to.writer(tensor) else {
        return false;
    };
    let node = &site.to.graph.nodes[index];
    let is_depthwise = matches!(node.op, Op::DepthwiseConv2d(_));
    let has_weights = is_depthwise || matches!(node.op, Op::Conv2d(_) | Op::Dense(_));
    if !has_weights
        || node.op.activation() != Activation::None
        || site.to.quants.contains_key(&tensor)
        // Integers stay what they are; a sum is one of biases.
        || (site.to.scales[index].is_some() && a.iter().any(|&a| a != 1.0))
    {
        return false;
    }
    let Some(params) = &mut site.to.params[index] else {
        return false;
    };
    if params.bias.len() != a.len() {
        return false;
    }
    let taps = params.weights.len() / a.len();
    for (index, weight) in params.weights.iter_mut().enumerate() {
        // Depthwise weights have the channel innermost.
        *weight *= a[if is_depthwise {
            index % a.len()
        } else {
            index / taps
        }];
    }
    for (bias, (a, b)) in params.bias.iter_mut().zip(a.iter().zip(b)) {
        *bias = *bias * a + b;
    }
    true
}
