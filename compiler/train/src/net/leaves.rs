//! The weights of one step as leaves of burn's graph, and their gradients on the way back.

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use ember_ir::{Graph, Shape};

use super::to_vec;
use crate::weights::{NodeWeights, Weights};

/// The weights of one step as leaves of burn's graph.
#[derive(Debug)]
pub struct Leaves(Vec<Option<NodeLeaves>>);

/// Those of one node, in the IR's layouts; a dense kernel is `[out, 1, 1, in]`.
#[derive(Debug)]
pub(super) struct NodeLeaves {
    pub kernel: Tensor<4>,
    pub bias: Tensor<1>,
    /// With a batch norm only.
    pub gamma: Option<Tensor<1>>,
}

/// Gradients of one step: kernel, bias and gamma per node, in the weights' layouts.
pub type StepGradients = Vec<Option<[Vec<f32>; 3]>>;

/// Whether gradients of a leaf are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tracking {
    /// They are, where the device is an autodiff one.
    Tracked,
    /// They are not: the leaf is a constant.
    Fixed,
}

impl Tracking {
    /// The leaf.
    pub(crate) fn of<const D: usize>(self, tensor: Tensor<D>) -> Tensor<D> {
        if self == Tracking::Tracked && tensor.is_autodiff() {
            tensor.require_grad()
        } else {
            tensor
        }
    }
}

impl Leaves {
    /// The weights as tensors of `device`, tracked if the device is an autodiff one.
    pub fn new(graph: &Graph, weights: &Weights, device: &Device) -> Self {
        Self::among(graph, &weights.nodes, Tracking::Tracked, device)
    }

    /// The same of a graph whose nodes' weights are a part of others.
    pub(crate) fn among(
        graph: &Graph,
        weights: &[Option<NodeWeights>],
        tracking: Tracking,
        device: &Device,
    ) -> Self {
        let leaf = |graph: &Graph, index: usize, weights: &NodeWeights| {
            let node = &graph.nodes[index];
            let shape = node.op.weight_shape(graph.input_shape(node));
            let dims = kernel_dims(shape.as_ref().map_or(&[], Shape::dims));
            let vector = |values: &Vec<f32>| {
                tracking.of(Tensor::<1>::from_data(
                    TensorData::new(values.clone(), [values.len()]),
                    device,
                ))
            };
            NodeLeaves {
                kernel: tracking.of(Tensor::from_data(
                    TensorData::new(weights.kernel.clone(), dims),
                    device,
                )),
                bias: vector(&weights.bias),
                gamma: weights.norm.as_ref().map(|norm| vector(&norm.gamma)),
            }
        };
        let nodes = weights.iter().enumerate();
        Self(
            nodes
                .map(|(i, node)| node.as_ref().map(|node| leaf(graph, i, node)))
                .collect(),
        )
    }

    /// Those of a node, if it has weights.
    pub(super) fn of(&self, node: usize) -> Option<&NodeLeaves> {
        self.0[node].as_ref()
    }

    /// The leaves' gradients after `loss.backward()`; zero where the loss does not depend on a leaf.
    pub fn gradients(&self, gradients: &mut Gradients) -> StepGradients {
        let mut of = |node: &NodeLeaves| {
            [
                gradient(&node.kernel, gradients),
                gradient(&node.bias, gradients),
                node.gamma
                    .as_ref()
                    .map_or(Vec::new(), |gamma| gradient(gamma, gradients)),
            ]
        };
        self.0
            .iter()
            .map(|node| node.as_ref().map(&mut of))
            .collect()
    }
}

/// The gradient of a leaf; zero where the loss does not depend on it.
pub(crate) fn gradient<const D: usize>(leaf: &Tensor<D>, gradients: &mut Gradients) -> Vec<f32> {
    match leaf.grad_remove(gradients) {
        Some(gradient) => to_vec(gradient),
        None => vec![0.0; leaf.shape().num_elements()],
    }
}

/// Kernels are held with rank 4; a dense kernel `[out, in]` is `[out, 1, 1, in]`.
fn kernel_dims(dims: &[usize]) -> [usize; 4] {
    match *dims {
        [out, h, w, inner] => [out, h, w, inner],
        [out, inner] => [out, 1, 1, inner],
        _ => unreachable!("BUG: a kernel of rank {}", dims.len()),
    }
}
