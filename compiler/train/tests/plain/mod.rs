//! A network in training by burn's own operators alone, channels first: what the operators of
//! `ember_train::lanes` must agree with, and what they are measured against.
#![allow(dead_code, reason = "each program uses its part")]

pub mod compare;

use burn::tensor::activation::{log_softmax, relu, relu6};
use burn::tensor::module::{avg_pool2d, batch_norm_train, conv2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};
use ember_ir::{Activation, Graph, Op, Shape, Window2d};
use ember_train::net::{StepGradients, to_vec};
use ember_train::weights::{EPSILON, NodeWeights, Weights};

/// Kernel, bias and gamma of a node.
pub type NodeLeaves = (Tensor<4>, Tensor<1>, Option<Tensor<1>>);

/// Fake quantisation composed of burn's operators: by tensor and its grid's scale, min and max.
pub type Grids = Vec<[f32; 3]>;

/// Loss and gradients of one step.
pub fn step(
    graph: &Graph,
    weights: &Weights,
    samples: &[f32],
    targets: &[f32],
    grids: Option<&Grids>,
) -> (f32, StepGradients) {
    let device = Device::flex().autodiff();
    let leaves: Vec<Option<NodeLeaves>> = graph
        .nodes
        .iter()
        .zip(&weights.nodes)
        .map(|(node, weights)| {
            let shape = node.op.weight_shape(graph.input_shape(node));
            weights
                .as_ref()
                .map(|weights| leaves(weights, shape.as_ref().map_or(&[], Shape::dims), &device))
        })
        .collect();
    let input = &graph.tensor(graph.inputs[0]).shape;
    let logits = forward(graph, &leaves, nchw(input, samples, &device), grids);
    let [batch, classes] = logits.dims();
    let targets = Tensor::from_data(TensorData::new(targets.to_vec(), [batch, classes]), &device);
    let loss = (log_softmax(logits, 1) * targets)
        .sum()
        .mul_scalar(-1.0 / batch as f32);
    let mut gradients = loss.backward();
    let leaves = leaves.into_iter().map(|leaves| {
        let (kernel, bias, gamma) = leaves?;
        Some([
            taken(&kernel, &mut gradients),
            taken(&bias, &mut gradients),
            gamma.map_or(Vec::new(), |gamma| taken(&gamma, &mut gradients)),
        ])
    });
    let gradients = leaves.collect();
    (loss.into_scalar::<f32>(), gradients)
}

/// A gradient; zero where the loss does not depend on the leaf.
fn taken<const D: usize>(leaf: &Tensor<D>, gradients: &mut burn::tensor::Gradients) -> Vec<f32> {
    match leaf.grad_remove(gradients) {
        Some(gradient) => to_vec(gradient),
        None => vec![0.0; leaf.dims().iter().product()],
    }
}

fn leaves(weights: &NodeWeights, dims: &[usize], device: &Device) -> NodeLeaves {
    let vector = |values: &Vec<f32>| {
        let data = TensorData::new(values.clone(), [values.len()]);
        Tensor::<1>::from_data(data, device).require_grad()
    };
    let dims = match *dims {
        [out, h, w, inner] => [out, h, w, inner],
        [out, inner] => [out, 1, 1, inner],
        _ => unreachable!(),
    };
    let kernel = Tensor::from_data(TensorData::new(weights.kernel.clone(), dims), device);
    let gamma = weights.norm.as_ref().map(|norm| vector(&norm.gamma));
    (kernel.require_grad(), vector(&weights.bias), gamma)
}

/// Copies NHWC samples into one NCHW batch; vectors become `[batch, n, 1, 1]`.
pub fn nchw(shape: &Shape, samples: &[f32], device: &Device) -> Tensor<4> {
    let [h, w, c] = shape.hwc().unwrap_or([1, 1, shape.elements()]);
    let data = TensorData::new(samples.to_vec(), [samples.len() / (h * w * c), h, w, c]);
    let x = Tensor::<4>::from_data(data, device).permute([0, 3, 1, 2]);
    let dims = x.dims();
    // A copy in the new order, as a training loop would make it.
    let values = to_vec(x);
    Tensor::from_data(TensorData::new(values, dims), device)
}

fn forward(
    graph: &Graph,
    leaves: &[Option<NodeLeaves>],
    input: Tensor<4>,
    grids: Option<&Grids>,
) -> Tensor<2> {
    let seen = |tensor: usize, value: Tensor<4>| match grids {
        Some(grids) => fake_quant(value, grids[tensor]),
        None => value,
    };
    let mut values: Vec<Option<Tensor<4>>> = vec![None; graph.tensors.len()];
    values[graph.inputs[0].0] = Some(seen(graph.inputs[0].0, input));
    for (index, node) in graph.nodes.iter().enumerate() {
        let read = |at: usize| values[node.inputs[at].0].clone().expect("in order");
        let x = read(0);
        let y = match &node.op {
            Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::Dense(_) => {
                let (kernel, bias, gamma) = leaves[index].as_ref().expect("weights");
                let axis = if matches!(node.op, Op::DepthwiseConv2d(_)) {
                    3
                } else {
                    0
                };
                let kernel = match grids {
                    Some(_) => fake_quant_kernel(kernel.clone(), axis),
                    None => kernel.clone(),
                };
                let with_bias = gamma.is_none().then(|| bias.clone());
                let y = multiplied(&node.op, x, kernel, with_bias);
                match gamma {
                    Some(gamma) => {
                        let epsilon = f64::from(EPSILON);
                        batch_norm_train(y, gamma.clone(), bias.clone(), epsilon).output
                    }
                    None => y,
                }
            }
            Op::Add(_) => x + read(1),
            Op::AveragePool2d(op) => avg_pool2d(
                x,
                AvgPoolOptions::new(op.window.kernel)
                    .with_stride(op.window.stride)
                    .with_padding_pairs(padding(&op.window))
                    .with_count_include_pad(false),
            ),
            Op::MaxPool2d(op) => max_pool2d(
                x,
                MaxPoolOptions::new(op.window.kernel)
                    .with_stride(op.window.stride)
                    .with_padding_pairs(padding(&op.window))
                    .with_dilation(op.window.dilation),
            ),
            Op::Mean(_) => x.mean_dims(&[2, 3]),
            Op::Reshape(op) => {
                let batch = x.dims()[0];
                let [h, w, c] = op.shape.hwc().unwrap_or([1, 1, op.shape.elements()]);
                let rows = x.permute([0, 2, 3, 1]).reshape([batch, h, w, c]);
                rows.permute([0, 3, 1, 2])
            }
            // The loss has it.
            Op::Softmax(_) => x,
            _ => unreachable!("{} is not trained", node.op.name()),
        };
        let y = match node.op.activation() {
            Activation::None => y,
            Activation::Relu => relu(y),
            Activation::Relu6 => relu6(y),
        };
        let is_softmax = matches!(node.op, Op::Softmax(_));
        values[node.output.0] = Some(if is_softmax {
            y
        } else {
            seen(node.output.0, y)
        });
    }
    let logits = values[graph.outputs[0].0].clone().expect("an output");
    let [batch, c, h, w] = logits.dims();
    logits.permute([0, 2, 3, 1]).reshape([batch, c * h * w])
}

/// The product of a layer.
pub fn multiplied(op: &Op, x: Tensor<4>, kernel: Tensor<4>, bias: Option<Tensor<1>>) -> Tensor<4> {
    match op {
        Op::Conv2d(op) => {
            let kernel = kernel.permute([0, 3, 1, 2]);
            conv2d(x, kernel, bias, options(&op.window, 1))
        }
        Op::DepthwiseConv2d(op) => {
            let groups = x.dims()[1];
            let kernel = kernel.permute([3, 0, 1, 2]);
            conv2d(x, kernel, bias, options(&op.window, groups))
        }
        _ => {
            let [batch, c, h, w] = x.dims();
            let [out, _, _, inputs] = kernel.dims();
            let rows = x.permute([0, 2, 3, 1]).reshape([batch, c * h * w]);
            let y = rows.matmul(kernel.reshape([out, inputs]).transpose());
            let y = match bias {
                Some(bias) => y + bias.reshape([1, out]),
                None => y,
            };
            y.reshape([batch, out, 1, 1])
        }
    }
}

/// Fake quantisation of activations as burn's operators say it.
pub fn fake_quant(value: Tensor<4>, [scale, min, max]: [f32; 3]) -> Tensor<4> {
    let clamped = value.clamp(min, max);
    let values = clamped.clone().inner();
    let rounded = values.clone().div_scalar(scale).round().mul_scalar(scale);
    clamped + Tensor::from_inner(rounded - values)
}

fn fake_quant_kernel(kernel: Tensor<4>, channel_axis: usize) -> Tensor<4> {
    let values = kernel.clone().inner();
    let mut top = values.clone().abs();
    for axis in (0..4).filter(|&axis| axis != channel_axis) {
        top = top.max_dim(axis);
    }
    let scale = top
        .div_scalar(127.0)
        .clamp_min(f64::from(f32::MIN_POSITIVE));
    let rounded = (values.clone() / scale.clone()).round() * scale;
    kernel + Tensor::from_inner(rounded - values)
}

fn options(window: &Window2d, groups: usize) -> ConvOptions<2> {
    ConvOptions {
        stride: window.stride,
        padding: padding(window),
        dilation: window.dilation,
        groups,
    }
}

fn padding(window: &Window2d) -> [(usize, usize); 2] {
    let padding = window.padding;
    [(padding.top, padding.bottom), (padding.left, padding.right)]
}
