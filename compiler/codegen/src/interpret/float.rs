//! The f32 interpreter: plain loops, one file per operator. Padded taps are skipped, so they count as
//! zero in convolutions and do not take part in pools.

mod add;
mod conv2d;
mod dense;
mod depthwise_conv2d;
mod lstm;
mod mean;
mod pool2d;
mod softmax;
mod taps;
mod unary;

use ember_ir::{Activation, FloatGraph, FloatParams, Op};

/// Every tensor of a verified network for one sample, by tensor id.
///
/// # Panics
/// If the sample's length is not the sum of the inputs' elements.
pub fn run_float(network: &FloatGraph, input: &[f32]) -> Vec<Vec<f32>> {
    let graph = &network.graph;
    let elements = |id: ember_ir::TensorId| graph.tensor(id).shape.elements();
    let expected: usize = graph.inputs.iter().map(|&id| elements(id)).sum();
    assert_eq!(input.len(), expected, "BUG: sample of the wrong length");
    let mut tensors: Vec<Vec<f32>> = vec![Vec::new(); graph.tensors.len()];
    let mut rest = input;
    for &id in &graph.inputs {
        let (sample, after) = rest.split_at(elements(id));
        tensors[id.0] = sample.to_vec();
        rest = after;
    }
    for (node, params) in graph.nodes.iter().zip(&network.params) {
        let left = &tensors[node.inputs[0].0];
        let from = graph.input_shape(node);
        let to = graph.output_shape(node);
        let weights = || weights(params.as_ref());
        let mut output = match &node.op {
            Op::Conv2d(op) => conv2d::run(op, weights(), from, to, left),
            Op::DepthwiseConv2d(op) => depthwise_conv2d::run(op, weights(), from, to, left),
            Op::Dense(_) => dense::run(weights(), left),
            Op::Add(_) => add::run(left, &tensors[node.inputs[1].0]),
            Op::AveragePool2d(op) => pool2d::average(&op.window, from, to, left),
            Op::MaxPool2d(op) => pool2d::max(&op.window, from, to, left),
            Op::Mean(_) => mean::run(from, left),
            Op::Reshape(_) => left.clone(),
            Op::Softmax(_) => softmax::run(from, left),
            Op::Lstm(op) => lstm::run(op, weights(), from, left),
            Op::Unary(op) => unary::run(op, left),
        };
        activate(node.op.activation(), &mut output);
        tensors[node.output.0] = output;
    }
    tensors
}

fn weights(params: Option<&FloatParams>) -> &FloatParams {
    params.unwrap_or_else(|| panic!("BUG: an operator without its weights; verify the network"))
}

fn activate(activation: Activation, values: &mut [f32]) {
    let top = match activation {
        Activation::None => return,
        Activation::Relu => f32::INFINITY,
        Activation::Relu6 => 6.0,
    };
    for value in values {
        *value = value.max(0.0).min(top);
    }
}
