//! The f32 interpreter: plain loops, one file per operator. Padded taps are skipped, so they count as
//! zero in convolutions and do not take part in pools.

mod arg_max;
mod binary;
mod conv2d;
mod darts_cell;
mod dense;
mod depthwise_conv2d;
mod embedding;
mod l2_norm;
mod log_softmax;
mod lstm;
mod matmul;
mod mean;
mod movement;
mod pool2d;
mod recurrent;
mod reduce;
mod resize_bilinear;
mod softmax;
mod svdf;
mod taps;
mod transpose_conv2d;
mod unary;

use ember_ir::{Activation, BinaryFunction, FloatGraph, FloatParams, Op, Shape};

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
        let inputs: Vec<(&Shape, &[f32])> = node
            .inputs
            .iter()
            .map(|&id| (&graph.tensor(id).shape, tensors[id.0].as_slice()))
            .collect();
        // A constant has no input, and reads none.
        let left = inputs.first().map_or(&[][..], |&(_, values)| values);
        let from = graph.input_shape(node);
        let to = graph.output_shape(node);
        let weights = || weights(params.as_ref());
        let mut output = match &node.op {
            Op::Conv2d(op) => conv2d::run(op, weights(), from, to, left),
            Op::DepthwiseConv2d(op) => depthwise_conv2d::run(op, weights(), from, to, left),
            Op::Dense(_) => dense::run(weights(), left),
            Op::Add(_) => binary::run(|l, r| l + r, [inputs[0], inputs[1]], to),
            Op::Binary(op) => {
                let function = match op.function {
                    BinaryFunction::Sub => |l: f32, r: f32| l - r,
                    BinaryFunction::Mul => |l: f32, r: f32| l * r,
                    BinaryFunction::Maximum => f32::max,
                    BinaryFunction::Minimum => f32::min,
                    BinaryFunction::Prelu => {
                        |x: f32, slope: f32| if x < 0.0 { x * slope } else { x }
                    }
                };
                binary::run(function, [inputs[0], inputs[1]], to)
            }
            Op::AveragePool2d(op) => pool2d::average(&op.window, from, to, left),
            Op::MaxPool2d(op) => pool2d::max(&op.window, from, to, left),
            Op::Mean(_) => mean::run(from, left),
            Op::Reshape(_) => left.to_vec(),
            Op::Softmax(_) => softmax::run(from, left),
            Op::LogSoftmax(_) => log_softmax::run(from, left),
            Op::L2Norm(_) => l2_norm::run(from, left),
            Op::Embedding(op) => embedding::run(op, weights(), left),
            Op::Svdf(op) => svdf::run(op, weights(), left),
            Op::Lstm(op) => lstm::run(op, weights(), from, left),
            Op::Recurrent(op) => recurrent::run(op, weights(), from, left),
            Op::DartsCell(op) => darts_cell::run(op, weights(), from, left),
            Op::Unary(op) => unary::run(op, left),
            Op::Move(op) => movement::run(op, &inputs, to),
            Op::Reduce(op) => reduce::run(op, from, to, left),
            Op::TransposeConv2d(op) => transpose_conv2d::run(op, weights(), from, to, left),
            Op::ResizeBilinear(op) => resize_bilinear::run(op, from, left),
            Op::Matmul(op) => matmul::run(op, [inputs[0], inputs[1]], to),
            Op::ArgMax(op) => arg_max::run(op, from, left),
            Op::Constant(_) => weights().weights.clone(),
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
