//! The weights of a network in training: plain vectors in the IR's layouts (conv OHWI, depthwise
//! `[1, H, W, C]`, dense `[out, in]`), with a batch norm beside each convolution. Between two steps
//! they live here, not in tensors: snapshots, averages, inheritance and export are then plain loops,
//! and a run is reproducible bit for bit.

mod init;

use ember_ir::{FloatGraph, FloatParams, Graph, Node, Op, Shape};

use crate::random::Random;

/// Added to a batch variance before its root is taken.
pub const EPSILON: f32 = 1e-5;

/// Weights of all nodes; `None` for operators without.
#[derive(Clone, PartialEq, Debug)]
pub struct Weights {
    /// In the order of the graph's nodes.
    pub nodes: Vec<Option<NodeWeights>>,
}

/// Weights of one node.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeWeights {
    /// In the order of [`Op::weight_shape`].
    pub kernel: Vec<f32>,
    /// One per output channel; added after the batch norm if there is one (its β).
    pub bias: Vec<f32>,
    /// The batch norm between the kernel and the bias.
    pub norm: Option<Norm>,
}

/// Batch norm: y = (x − mean) / √(variance + ε) · gamma + bias.
#[derive(Clone, PartialEq, Debug)]
pub struct Norm {
    /// One per output channel.
    pub gamma: Vec<f32>,
    /// Running mean.
    pub mean: Vec<f32>,
    /// Running (biased) variance.
    pub variance: Vec<f32>,
}

impl Weights {
    /// He initialisation: normal with variance 2 / fan-in before a rectifier and 1 / fan-in else.
    /// Convolutions get a batch norm, and so do dense layers with an activation.
    pub fn init(graph: &Graph, random: &mut Random) -> Self {
        let nodes = graph
            .nodes
            .iter()
            .map(|node| init::node(graph, node, random))
            .collect();
        Self { nodes }
    }

    /// Weights that a trained network starts from again, without batch norms.
    pub fn from_float(network: &FloatGraph) -> Self {
        let nodes = network
            .params
            .iter()
            .map(|params| {
                params.as_ref().map(|params| NodeWeights {
                    kernel: params.weights.clone(),
                    bias: params.bias.clone(),
                    norm: None,
                })
            })
            .collect();
        Self { nodes }
    }

    /// Copies what fits from a parent network: nodes are matched by name and kind, and of each weight
    /// tensor the overlapping corner is taken. Returns how many nodes inherited something.
    pub fn inherit(&mut self, graph: &Graph, parent: &Self, parent_graph: &Graph) -> usize {
        let mut inherited = 0;
        for (node, own) in graph.nodes.iter().zip(&mut self.nodes) {
            let name = graph.node_name(node);
            let source = parent_graph
                .nodes
                .iter()
                .zip(&parent.nodes)
                .find(|(other, _)| {
                    parent_graph.node_name(other) == name && other.op.name() == node.op.name()
                });
            let (Some(own), Some((other, Some(theirs)))) = (own.as_mut(), source) else {
                continue;
            };
            let shapes = (
                node.op.weight_shape(graph.input_shape(node)),
                other.op.weight_shape(parent_graph.input_shape(other)),
            );
            let (Some(to), Some(from)) = shapes else {
                continue;
            };
            // Gates lie one behind the other: of another size, a corner would mix them.
            let is_recurrent = matches!(node.op, Op::Lstm(_) | Op::Recurrent(_) | Op::DartsCell(_));
            if is_recurrent && to != from {
                continue;
            }
            copy_corner(&mut own.kernel, &to, &theirs.kernel, &from);
            copy_prefix(&mut own.bias, &theirs.bias);
            if let (Some(own), Some(theirs)) = (own.norm.as_mut(), theirs.norm.as_ref()) {
                copy_prefix(&mut own.gamma, &theirs.gamma);
                copy_prefix(&mut own.mean, &theirs.mean);
                copy_prefix(&mut own.variance, &theirs.variance);
            }
            inherited += 1;
        }
        inherited
    }

    /// Moves these weights towards `current`: self = decay · self + (1 − decay) · current, batch
    /// norm statistics included.
    pub fn average(&mut self, current: &Self, decay: f32) {
        for (average, current) in self.vectors_mut().into_iter().zip(current.vectors()) {
            for (average, current) in average.iter_mut().zip(current) {
                *average = decay * *average + (1.0 - decay) * current;
            }
        }
    }

    /// All numbers, in a fixed order.
    pub fn values(&self) -> Vec<f32> {
        self.vectors().into_iter().flatten().copied().collect()
    }

    /// Takes all numbers from [`Weights::values`] of weights of the same network; says whether they are.
    pub fn fill(&mut self, values: &[f32]) -> bool {
        let mut vectors = self.vectors_mut();
        if vectors.iter().map(|vector| vector.len()).sum::<usize>() != values.len() {
            return false;
        }
        let mut values = values.iter().copied();
        for (to, value) in vectors
            .iter_mut()
            .flat_map(|v| v.iter_mut())
            .zip(&mut values)
        {
            *to = value;
        }
        true
    }

    /// Every vector, in a fixed order.
    fn vectors(&self) -> Vec<&Vec<f32>> {
        let mut vectors = Vec::new();
        for node in self.nodes.iter().flatten() {
            vectors.extend([&node.kernel, &node.bias]);
            if let Some(norm) = &node.norm {
                vectors.extend([&norm.gamma, &norm.mean, &norm.variance]);
            }
        }
        vectors
    }

    fn vectors_mut(&mut self) -> Vec<&mut Vec<f32>> {
        let mut vectors = Vec::new();
        for node in self.nodes.iter_mut().flatten() {
            vectors.extend([&mut node.kernel, &mut node.bias]);
            if let Some(norm) = &mut node.norm {
                vectors.extend([&mut norm.gamma, &mut norm.mean, &mut norm.variance]);
            }
        }
        vectors
    }

    /// Whether every weight is a finite number.
    pub fn is_finite(&self) -> bool {
        self.vectors().into_iter().flatten().all(|x| x.is_finite())
    }
}

/// The batch norms folded into kernels and biases: the network as it is deployed.
pub fn export(graph: &Graph, weights: &Weights) -> FloatGraph {
    let params = graph
        .nodes
        .iter()
        .zip(&weights.nodes)
        .map(|(node, weights)| weights.as_ref().map(|weights| fold(node, weights)))
        .collect();
    FloatGraph {
        graph: graph.clone(),
        params,
    }
}

/// With s = gamma / √(variance + ε) per output channel: kernel · s and bias − mean · s.
fn fold(node: &Node, weights: &NodeWeights) -> FloatParams {
    let Some(norm) = &weights.norm else {
        return FloatParams {
            weights: weights.kernel.clone(),
            bias: weights.bias.clone(),
        };
    };
    let channels = weights.bias.len();
    let scale: Vec<f32> = norm
        .gamma
        .iter()
        .zip(&norm.variance)
        .map(|(gamma, variance)| gamma / (variance + EPSILON).sqrt())
        .collect();
    let per_channel = weights.kernel.len() / channels;
    let kernel = weights.kernel.iter().enumerate().map(|(i, weight)| {
        // Depthwise kernels have their channels last, all others first.
        let channel = if matches!(node.op, Op::DepthwiseConv2d(_)) {
            i % channels
        } else {
            i / per_channel
        };
        weight * scale[channel]
    });
    FloatParams {
        weights: kernel.collect(),
        bias: (0..channels)
            .map(|c| weights.bias[c] - norm.mean[c] * scale[c])
            .collect(),
    }
}

pub(crate) fn copy_prefix(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Copies the corner that two row-major tensors of one rank have in common.
pub(crate) fn copy_corner(to: &mut [f32], to_shape: &Shape, from: &[f32], from_shape: &Shape) {
    let (to_dims, from_dims) = (to_shape.dims(), from_shape.dims());
    if to_dims.len() != from_dims.len() {
        return;
    }
    'elements: for (flat, value) in to.iter_mut().enumerate() {
        let (mut rest, mut index, mut stride) = (flat, 0, 1);
        for (&to_dim, &from_dim) in to_dims.iter().zip(from_dims).rev() {
            let at = rest % to_dim;
            rest /= to_dim;
            if at >= from_dim {
                continue 'elements;
            }
            index += at * stride;
            stride *= from_dim;
        }
        *value = from[index];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_overlap() {
        let mut to = [0.0; 6];
        copy_corner(
            &mut to,
            &Shape::from([2, 3]),
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            &Shape::from([3, 2]),
        );
        assert_eq!(to, [1.0, 2.0, 0.0, 3.0, 4.0, 0.0]);
    }
}
