//! A graph as a differentiable function in burn, by the operators of [`crate::lanes`].
//!
//! Activations are `[block, height, width, channel, lane]`, whatever the IR says: vectors are
//! `[block, 1, 1, n, lane]`. Kernels have the IR's layouts.

mod leaves;
mod sequence;

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Gradients, Tensor};
use ember_ir::{Graph, Move, Node, Op, Shape, TensorId, Window2d};

pub(crate) use leaves::gradient;
pub use leaves::{Leaves, StepGradients, Tracking};

use crate::lanes::{self, Norm};
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
    /// A tensor's value as its readers see it; lanes behind the last of the samples mean nothing.
    fn activation(&mut self, tensor: TensorId, value: Tensor<5>, samples: usize) -> Tensor<5>;
    /// Told the gradients of a step, to learn something of its own.
    fn learn(&mut self, _: &mut Gradients) {}
}

/// Plain f32.
#[derive(Debug)]
pub struct Exact;

impl Numerics for Exact {
    fn kernel(&mut self, _: usize, kernel: Tensor<4>, _: usize) -> Tensor<4> {
        kernel
    }
    fn activation(&mut self, _: TensorId, value: Tensor<5>, _: usize) -> Tensor<5> {
        value
    }
}

/// Samples as the network takes them.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[block, height, width, channel, lane]`.
    pub(crate) values: Tensor<5>,
    pub(crate) samples: usize,
}

impl Batch {
    /// From the values of the samples, one sample after the other, each of this shape.
    pub fn new(shape: &Shape, samples: &[f32], device: &Device) -> Self {
        let size = image(shape);
        Self {
            values: lanes::pack(size, samples, device),
            samples: samples.len() / shape.elements().max(1),
        }
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

/// What the nodes of a graph give; see [`Forward`].
#[derive(Debug)]
pub(crate) struct Run {
    /// The output before any final softmax.
    pub output: Tensor<5>,
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

    /// The graph.
    pub fn graph(&self) -> &'a Graph {
        self.graph
    }

    /// Scores of a batch.
    pub fn forward(&self, leaves: &Leaves, input: Batch, numerics: &mut dyn Numerics) -> Forward {
        let samples = input.samples;
        let run = self.run(leaves, input, numerics);
        Forward {
            logits: lanes::unpack(run.output, samples),
            statistics: run.statistics,
        }
    }

    /// The same for a part of a network, whose output may be a map.
    pub(crate) fn run(&self, leaves: &Leaves, input: Batch, numerics: &mut dyn Numerics) -> Run {
        let samples = input.samples;
        let mut readers = self.readers();
        let mut values: Vec<Option<Tensor<5>>> = vec![None; self.graph.tensors.len()];
        let source = self.graph.inputs[0];
        values[source.0] = Some(numerics.activation(source, input.values, samples));
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
            let output = image(&self.graph.tensor(node.output).shape);
            let value = match &node.op {
                Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::Dense(_) => {
                    let kernel = self.kernel(index, leaves, numerics);
                    let y = multiplied(&node.op, x, kernel, output);
                    finished(node, leaves.of(index), y, samples, |mean, variance| {
                        statistics.push((index, mean, variance));
                    })
                }
                Op::Embedding(op) => {
                    let Some(own) = leaves.of(index) else {
                        unreachable!("BUG: node {index} has no weights");
                    };
                    // Its rows are on the grid of the tensor that they become.
                    lanes::embedding(x, own.kernel.clone(), *op)
                }
                Op::Add(op) => lanes::activated(x + next(), op.activation),
                Op::AveragePool2d(op) => lanes::average_pool2d(x, op.window, output),
                Op::MaxPool2d(op) => lanes::max_pool2d(x, op.window, output),
                Op::Mean(_) => {
                    let [_, height, width, _, _] = x.dims();
                    let window = Window2d::valid([height, width], [1, 1]);
                    lanes::average_pool2d(x, window, output)
                }
                Op::Reshape(_) => {
                    let blocks = x.dims()[0];
                    let [height, width, channels] = output;
                    x.reshape([blocks, height, width, channels, lanes::LANES])
                }
                Op::Lstm(_) | Op::Recurrent(_) | Op::DartsCell(_) => {
                    let Some(own) = leaves.of(index) else {
                        unreachable!("BUG: node {index} has no weights");
                    };
                    sequence::run(index, &node.op, own, x, numerics)
                }
                Op::Move(Move::Slice(op)) => sequence::sliced(op, x),
                Op::Softmax(_) => softmax(x, 3),
                Op::LogSoftmax(_)
                | Op::L2Norm(_)
                | Op::Svdf(_)
                | Op::Unary(_)
                | Op::Binary(_)
                | Op::Move(_)
                | Op::Reduce(_)
                | Op::ArgMax(_)
                | Op::Matmul(_)
                | Op::ResizeBilinear(_)
                | Op::TransposeConv2d(_)
                | Op::Constant(_) => {
                    unreachable!("BUG: {} was refused", node.op.name())
                }
            };
            values[node.output.0] = Some(numerics.activation(node.output, value, samples));
        }
        Run {
            output: take(&mut values, &mut readers, self.logits),
            statistics,
        }
    }

    /// The kernel of a node as the node uses it.
    fn kernel(&self, index: usize, leaves: &Leaves, numerics: &mut dyn Numerics) -> Tensor<4> {
        let Some(own) = leaves.of(index) else {
            unreachable!("BUG: node {index} has no weights");
        };
        let axis = match &self.graph.nodes[index].op {
            Op::DepthwiseConv2d(_) => 3,
            _ => 0,
        };
        numerics.kernel(index, own.kernel.clone(), axis)
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
        Op::Lstm(_) | Op::Recurrent(_) | Op::DartsCell(_) => sequence::untrainable(&node.op),
        Op::Move(Move::Slice(op)) if sequence::is_plain(op) => None,
        Op::Dense(op) if op.over_rows => Some("a dense layer over rows"),
        Op::Add(_) if graph.input_shape(node) != &graph.tensor(node.inputs[1]).shape => {
            Some("an addition that repeats one of its inputs")
        }
        Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Svdf(_)
        | Op::Binary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Matmul(_)
        | Op::ResizeBilinear(_)
        | Op::TransposeConv2d(_)
        | Op::Constant(_) => Some(node.op.name()),
        Op::Unary(op) => Some(op.function.name()),
        Op::Conv2d(_)
        | Op::DepthwiseConv2d(_)
        | Op::Dense(_)
        | Op::Add(_)
        | Op::AveragePool2d(_)
        | Op::MaxPool2d(_)
        | Op::Mean(_)
        | Op::Reshape(_)
        | Op::Embedding(_)
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
fn take(values: &mut [Option<Tensor<5>>], readers: &mut [usize], id: TensorId) -> Tensor<5> {
    readers[id.0] -= 1;
    let value = if readers[id.0] == 0 {
        values[id.0].take()
    } else {
        values[id.0].clone()
    };
    value.unwrap_or_else(|| unreachable!("BUG: tensor {} is read before it is written", id.0))
}

/// The product of a node with a kernel.
fn multiplied(op: &Op, x: Tensor<5>, kernel: Tensor<4>, output: [usize; 3]) -> Tensor<5> {
    if let Op::DepthwiseConv2d(op) = op {
        return lanes::depthwise_conv2d(x, kernel, op.window, output);
    }
    if let Op::Conv2d(op) = op {
        return lanes::conv2d(x, kernel, op.window, output);
    }
    // Dense: a convolution over one pixel that has all values as channels.
    let [blocks, height, width, channels, lanes] = x.dims();
    let x = x.reshape([blocks, 1, 1, height * width * channels, lanes]);
    lanes::conv2d(x, kernel, Window2d::valid([1, 1], [1, 1]), output)
}

/// What follows the product: a batch norm, whose statistics are told, or a bias; and the activation.
fn finished(
    node: &Node,
    own: Option<&leaves::NodeLeaves>,
    y: Tensor<5>,
    samples: usize,
    tell: impl FnOnce(Tensor<1>, Tensor<1>),
) -> Tensor<5> {
    let Some(own) = own else { return y };
    let activation = node.op.activation();
    let Some(gamma) = &own.gamma else {
        return lanes::biased(y, own.bias.clone(), activation);
    };
    let norm = Norm {
        channels: own.bias.dims()[0],
        samples,
        epsilon: EPSILON,
        activation,
    };
    let (y, [mean, variance]) = lanes::batch_norm(norm, y, gamma.clone(), own.bias.clone());
    tell(mean, variance);
    y
}

/// `[height, width, channels]` of a shape; a sequence is a row of pixels, a vector is one pixel.
fn image(shape: &Shape) -> [usize; 3] {
    match *shape.dims() {
        [height, width, channels] => [height, width, channels],
        [steps, values] => [1, steps, values],
        _ => [1, 1, shape.elements()],
    }
}
