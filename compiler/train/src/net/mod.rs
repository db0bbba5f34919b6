//! A graph as a differentiable function in burn.
//!
//! Activations are `[batch, channels, height, width]` inside (burn's layout), whatever the IR says:
//! vectors are `[batch, n, 1, 1]`. Kernels keep the IR's layout until the operator that uses them.
//! One file per operator, with the operator's name.

mod add;
mod conv2d;
mod dense;
mod depthwise_conv2d;
mod leaves;
mod mean;
mod pool2d;
mod reshape;
mod softmax;

use burn::tensor::activation::{relu, relu6};
use burn::tensor::module::batch_norm_train;
use burn::tensor::{Device, Tensor, TensorData};
use ember_ir::{Activation, Graph, Node, Op, Shape, TensorId};

pub use leaves::{Leaves, StepGradients};

use crate::weights::EPSILON;

/// Why a graph cannot be trained.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NetError {
    /// Classifiers have one input and one output.
    #[error("a network to train has one input and one output; {graph} has {inputs} and {outputs}")]
    Ends {
        /// Name of the graph.
        graph: String,
        /// Number of inputs.
        inputs: usize,
        /// Number of outputs.
        outputs: usize,
    },
    /// An operator that burn cannot differentiate as the IR defines it.
    #[error("node {node}: {what} cannot be trained")]
    Unsupported {
        /// Name of the node.
        node: String,
        /// What about it.
        what: &'static str,
    },
}

/// What happens to kernels and activations on their way: nothing ([`Exact`]) or fake quantisation.
pub trait Numerics {
    /// The kernel of a node as the node uses it; output channels on axis `channel_axis`.
    fn kernel(&mut self, node: usize, kernel: Tensor<4>, channel_axis: usize) -> Tensor<4>;
    /// A tensor's value as its readers see it.
    fn activation(&mut self, tensor: TensorId, value: Tensor<4>) -> Tensor<4>;
}

/// Plain f32.
#[derive(Debug)]
pub struct Exact;

impl Numerics for Exact {
    fn kernel(&mut self, _: usize, kernel: Tensor<4>, _: usize) -> Tensor<4> {
        kernel
    }
    fn activation(&mut self, _: TensorId, value: Tensor<4>) -> Tensor<4> {
        value
    }
}

/// What a forward pass gives.
#[derive(Debug)]
pub struct Forward {
    /// Scores before any final softmax, `[batch, classes]`.
    pub logits: Tensor<2>,
    /// Per node with a batch norm: its index, the batch's mean and (biased) variance.
    pub statistics: Vec<(usize, Tensor<1>, Tensor<1>)>,
}

/// A graph that was checked to be trainable.
#[derive(Clone, Debug)]
pub struct Net<'a> {
    graph: &'a Graph,
    /// Number of nodes that are evaluated: all but a final softmax, which is part of the loss.
    evaluated: usize,
    logits: TensorId,
}

impl<'a> Net<'a> {
    /// Checks the graph.
    pub fn new(graph: &'a Graph) -> Result<Self, NetError> {
        let (&[_], &[output]) = (graph.inputs.as_slice(), graph.outputs.as_slice()) else {
            return Err(NetError::Ends {
                graph: graph.name.clone(),
                inputs: graph.inputs.len(),
                outputs: graph.outputs.len(),
            });
        };
        for node in &graph.nodes {
            if let Some(what) = untrainable(graph, node) {
                return Err(NetError::Unsupported {
                    node: graph.node_name(node).to_string(),
                    what,
                });
            }
        }
        let softmax = graph
            .nodes
            .last()
            .filter(|node| matches!(node.op, Op::Softmax(_)) && node.output == output);
        Ok(Self {
            graph,
            evaluated: graph.nodes.len() - usize::from(softmax.is_some()),
            logits: softmax.map_or(output, |node| node.inputs[0]),
        })
    }

    /// Scores of a batch `[batch, channels, height, width]` (see [`to_nchw`]).
    pub fn forward(
        &self,
        leaves: &Leaves,
        input: Tensor<4>,
        numerics: &mut dyn Numerics,
    ) -> Forward {
        let mut readers = self.readers();
        let mut values: Vec<Option<Tensor<4>>> = vec![None; self.graph.tensors.len()];
        let source = self.graph.inputs[0];
        values[source.0] = Some(numerics.activation(source, input));
        let mut statistics = Vec::new();
        for (index, node) in self.graph.nodes[..self.evaluated].iter().enumerate() {
            let mut inputs = node
                .inputs
                .iter()
                .map(|id| take(&mut values, &mut readers, *id));
            let mut next = || {
                inputs
                    .next()
                    .unwrap_or_else(|| unreachable!("BUG: arity was checked"))
            };
            let x = next();
            let value = match &node.op {
                Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::Dense(_) => {
                    self.weighted(index, x, leaves, numerics, &mut statistics)
                }
                Op::Add(_) => add::forward(x, next()),
                Op::AveragePool2d(op) => pool2d::average(op, x),
                Op::MaxPool2d(op) => pool2d::max(op, x),
                Op::Mean(_) => mean::forward(x),
                Op::Reshape(op) => reshape::forward(op, x),
                Op::Softmax(_) => softmax::forward(x),
                Op::Lstm(_)
                | Op::Unary(_)
                | Op::Binary(_)
                | Op::Move(_)
                | Op::Reduce(_)
                | Op::ArgMax(_)
                | Op::Constant(_) => {
                    unreachable!("BUG: {} was refused", node.op.name())
                }
            };
            let value = activate(node.op.activation(), value);
            values[node.output.0] = Some(numerics.activation(node.output, value));
        }
        let logits = take(&mut values, &mut readers, self.logits);
        let [batch, c, h, w] = logits.dims();
        Forward {
            logits: reshape::to_rows(logits).reshape([batch, c * h * w]),
            statistics,
        }
    }

    /// A node with a kernel: the product, then its batch norm or its bias.
    fn weighted(
        &self,
        index: usize,
        x: Tensor<4>,
        leaves: &Leaves,
        numerics: &mut dyn Numerics,
        statistics: &mut Vec<(usize, Tensor<1>, Tensor<1>)>,
    ) -> Tensor<4> {
        let node = &self.graph.nodes[index];
        let Some(own) = leaves.of(index) else {
            unreachable!("BUG: node {index} has no weights");
        };
        let axis = if matches!(node.op, Op::DepthwiseConv2d(_)) {
            3
        } else {
            0
        };
        let kernel = numerics.kernel(index, own.kernel.clone(), axis);
        let bias = own.gamma.is_none().then(|| own.bias.clone());
        let y = match &node.op {
            Op::Conv2d(op) => conv2d::forward(op, x, kernel, bias),
            Op::DepthwiseConv2d(op) => depthwise_conv2d::forward(op, x, kernel, bias),
            Op::Dense(_) => dense::forward(x, kernel, bias),
            Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::Lstm(_)
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Constant(_) => {
                unreachable!("BUG: {} has no kernel", node.op.name())
            }
        };
        let Some(gamma) = &own.gamma else { return y };
        let normed = batch_norm_train(y, gamma.clone(), own.bias.clone(), f64::from(EPSILON));
        statistics.push((index, normed.mean, normed.variance));
        normed.output
    }

    /// How often each tensor is still read; a value is dropped after its last reader, so that burn may
    /// reuse its buffer.
    fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.graph.tensors.len()];
        for node in &self.graph.nodes[..self.evaluated] {
            for id in &node.inputs {
                readers[id.0] += 1;
            }
        }
        readers[self.logits.0] += 1;
        readers
    }
}

/// What about a node cannot be trained, if something cannot: operators that no search space uses have no
/// differentiable form here.
fn untrainable(graph: &Graph, node: &Node) -> Option<&'static str> {
    match &node.op {
        Op::AveragePool2d(op) if op.window.dilation != [1, 1] => Some("a dilated average pool"),
        Op::Lstm(_) => Some("a long short-term memory"),
        Op::Dense(op) if op.over_rows => Some("a dense layer over rows"),
        Op::Add(_) if graph.input_shape(node) != &graph.tensor(node.inputs[1]).shape => {
            Some("an addition that repeats one of its inputs")
        }
        Op::Binary(_) | Op::Move(_) | Op::Reduce(_) | Op::ArgMax(_) | Op::Constant(_) => {
            Some(node.op.name())
        }
        Op::Unary(op) => Some(op.function.name()),
        Op::Conv2d(_)
        | Op::DepthwiseConv2d(_)
        | Op::Dense(_)
        | Op::Add(_)
        | Op::AveragePool2d(_)
        | Op::MaxPool2d(_)
        | Op::Mean(_)
        | Op::Reshape(_)
        | Op::Softmax(_) => None,
    }
}

/// The values of a tensor, row-major.
pub fn to_vec<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    match tensor.into_data().try_into_vec::<f32>() {
        Ok(values) => values,
        Err(error) => unreachable!("BUG: the flex backend computes in f32: {error:?}"),
    }
}

/// The tensor, without a copy kept if this was its last reader.
fn take(values: &mut [Option<Tensor<4>>], readers: &mut [usize], id: TensorId) -> Tensor<4> {
    readers[id.0] -= 1;
    let value = if readers[id.0] == 0 {
        values[id.0].take()
    } else {
        values[id.0].clone()
    };
    value.unwrap_or_else(|| unreachable!("BUG: tensor {} is read before it is written", id.0))
}

fn activate(activation: Activation, value: Tensor<4>) -> Tensor<4> {
    match activation {
        Activation::None => value,
        Activation::Relu => relu(value),
        Activation::Relu6 => relu6(value),
    }
}

/// Copies NHWC samples into one NCHW batch; vectors become `[batch, n, 1, 1]`.
pub fn to_nchw(shape: &Shape, samples: &[f32], device: &Device) -> Tensor<4> {
    let [h, w, c] = shape.hwc().unwrap_or([1, 1, shape.elements()]);
    let batch = samples.len() / (h * w * c);
    let values = if c == 1 || h * w == 1 {
        samples.to_vec()
    } else {
        let mut values = vec![0.0; samples.len()];
        let planes = values
            .chunks_exact_mut(h * w * c)
            .zip(samples.chunks_exact(h * w * c));
        for (to, from) in planes {
            for (pixel, channels) in from.chunks_exact(c).enumerate() {
                for (channel, &x) in channels.iter().enumerate() {
                    to[channel * h * w + pixel] = x;
                }
            }
        }
        values
    };
    Tensor::from_data(TensorData::new(values, [batch, c, h, w]), device)
}
