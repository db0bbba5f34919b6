//! Low-rank factorisation: a layer's weights W (m×n) ≈ (U_r√S)(√S V_rᵀ) become two layers, which are
//! smaller if r < mn/(m + n). A convolution k×k becomes one to r channels and a pointwise one (Denton et
//! al., arXiv 1404.0736), or one of k×1 to r channels and one of 1×k (Jaderberg et al., arXiv 1405.3866).
//!
//! The rank is the least that keeps a share of the energy (Σ of squared singular values) and is a
//! multiple of four, as kernels like it. A factorisation is kept only if the planner says that the
//! firmware gets smaller and the arena does not grow: the tensor between the two layers may be larger
//! than what the weights save.

use ember_ir::{
    Activation, Conv2d, Dense, Graph, GraphBuilder, Node, Op, Padding, TensorId, Window2d,
};
use ember_search::Price;
use nalgebra::{DMatrix, SVD};
use serde::{Deserialize, Serialize};

use crate::weights::{NodeWeights, Weights};

/// Channels that kernels compute at a time.
const STEP: usize = 4;

/// How a layer is cut in two.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// The layer's own window to few channels, then a pointwise layer.
    Channels,
    /// A column, then a row.
    Rows,
}

/// One layer that becomes two.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Factor {
    /// Name of the node.
    pub node: String,
    /// Channels between the two layers.
    pub rank: usize,
    /// How.
    pub form: Form,
}

/// The factorisations that keep this share of each layer's energy (in (0, 1]) and pay, largest layer
/// first, each on top of those before it.
pub fn factors(graph: &Graph, weights: &Weights, energy: f32, price: &dyn Price) -> Vec<Factor> {
    let size = |node: &Node| {
        let shape = node.op.weight_shape(graph.input_shape(node));
        shape.map_or(0, |shape| shape.elements())
    };
    let mut nodes: Vec<usize> = (0..graph.nodes.len()).collect();
    nodes.sort_by_key(|&index| std::cmp::Reverse(size(&graph.nodes[index])));
    let (mut network, mut cost) = (graph.clone(), price.price(graph));
    let mut factors = Vec::new();
    for index in nodes {
        let node = &graph.nodes[index];
        let Some(own) = &weights.nodes[index] else {
            continue;
        };
        let mut best = None;
        for form in [Form::Channels, Form::Rows] {
            let Some(matrix) = matrix(graph, node, own, form) else {
                continue;
            };
            let factor = Factor {
                node: graph.node_name(node).to_string(),
                rank: rank(&matrix, energy),
                form,
            };
            if factor.rank * (matrix.nrows() + matrix.ncols()) >= matrix.len() {
                continue;
            }
            let smaller = rebuilt(&network, &factor);
            let price = price.price(&smaller);
            let pays = price.flash_bytes < cost.flash_bytes
                && price.arena_bytes <= cost.arena_bytes
                && price.ram_bytes <= cost.ram_bytes;
            let is_best = best
                .as_ref()
                .is_none_or(|(_, _, other): &(_, _, ember_search::Cost)| {
                    price.flash_bytes < other.flash_bytes
                });
            if pays && is_best {
                best = Some((factor, smaller, price));
            }
        }
        if let Some((factor, smaller, price)) = best {
            factors.push(factor);
            (network, cost) = (smaller, price);
        }
    }
    factors
}

/// The network with these layers cut in two, and weights that approximate the given ones best.
pub fn factorise(graph: &Graph, weights: &Weights, factors: &[Factor]) -> (Graph, Weights) {
    let (mut graph, mut weights) = (graph.clone(), weights.clone());
    for factor in factors {
        let index = graph
            .nodes
            .iter()
            .position(|node| graph.node_name(node) == factor.node);
        let Some(index) = index else { continue };
        let node = &graph.nodes[index];
        let Some(own) = weights.nodes[index].take() else {
            continue;
        };
        let Some(matrix) = matrix(&graph, node, &own, factor.form) else {
            weights.nodes[index] = Some(own);
            continue;
        };
        let [first, second] = halves(&matrix, factor);
        let rank = factor.rank;
        weights.nodes[index] = Some(NodeWeights {
            kernel: second,
            ..own
        });
        let before = NodeWeights {
            kernel: first,
            bias: vec![0.0; rank],
            norm: None,
        };
        weights.nodes.insert(index, Some(before));
        graph = rebuilt(&graph, factor);
    }
    (graph, weights)
}

/// The weights as the matrix whose rank is lowered; `None` where the form does not apply.
///
/// Channels: `[out, (kh, kw, in)]`. Rows: `[(out, kw), (kh, in)]`.
fn matrix(graph: &Graph, node: &Node, weights: &NodeWeights, form: Form) -> Option<DMatrix<f64>> {
    let shape = node.op.weight_shape(graph.input_shape(node))?;
    let value = |index: usize| f64::from(weights.kernel[index]);
    match (&node.op, form, shape.dims()) {
        (Op::Dense(op), Form::Channels, &[out, inner]) if !op.over_rows => {
            Some(DMatrix::from_fn(out, inner, |r, c| value(r * inner + c)))
        }
        (Op::Conv2d(_), Form::Channels, &[out, h, w, inner]) => {
            let taps = h * w * inner;
            Some(DMatrix::from_fn(out, taps, |r, c| value(r * taps + c)))
        }
        (Op::Conv2d(_), Form::Rows, &[out, h, w, inner]) if h > 1 && w > 1 => {
            Some(DMatrix::from_fn(out * w, h * inner, |r, c| {
                let (o, x, y, i) = (r / w, r % w, c / inner, c % inner);
                value(((o * h + y) * w + x) * inner + i)
            }))
        }
        _ => None,
    }
}

/// The least multiple of four that keeps the energy.
fn rank(matrix: &DMatrix<f64>, energy: f32) -> usize {
    let values = SVD::new(matrix.clone(), false, false).singular_values;
    let all: f64 = values.iter().map(|s| s * s).sum();
    let mut kept = 0.0;
    let enough = values.iter().position(|s| {
        kept += s * s;
        kept >= f64::from(energy) * all
    });
    let rank = enough.map_or(values.len(), |last| last + 1);
    rank.next_multiple_of(STEP)
}

/// Kernels of the two layers.
fn halves(matrix: &DMatrix<f64>, factor: &Factor) -> [Vec<f32>; 2] {
    let svd = SVD::new(matrix.clone(), true, true);
    let (Some(u), Some(v)) = (svd.u, svd.v_t) else {
        unreachable!("BUG: both sides were asked for")
    };
    let root = |r: usize| svd.singular_values.get(r).map_or(0.0, |s| s.sqrt());
    let ranks = svd.singular_values.len();
    // Directions beyond those that there are carry nothing.
    let part = |value: &dyn Fn(usize) -> f64, r: usize| {
        if r < ranks {
            (value(r) * root(r)) as f32
        } else {
            0.0
        }
    };
    let first = (0..factor.rank)
        .flat_map(|r| (0..matrix.ncols()).map(move |column| (r, column)))
        .map(|(r, column)| part(&|r| v[(r, column)], r));
    // `[out, 1, width, rank]`: a row of U is an output channel, or one tap of it.
    let second = (0..matrix.nrows())
        .flat_map(|row| (0..factor.rank).map(move |r| (row, r)))
        .map(|(row, r)| part(&|r| u[(row, r)], r));
    [first.collect(), second.collect()]
}

/// The topology with one more layer before the node, which keeps its name.
fn rebuilt(graph: &Graph, factor: &Factor) -> Graph {
    let mut builder = GraphBuilder::new(graph.name.clone());
    let mut ids = vec![TensorId(0); graph.tensors.len()];
    for &id in &graph.inputs {
        let tensor = graph.tensor(id);
        ids[id.0] = builder.input_as(tensor.name.clone(), tensor.shape.clone(), tensor.element);
    }
    for node in &graph.nodes {
        let mut inputs: Vec<TensorId> = node.inputs.iter().map(|id| ids[id.0]).collect();
        let name = graph.node_name(node);
        let element = graph.tensor(node.output).element;
        let mut add = |name: &str, op: Op, inputs: &[TensorId]| match builder
            .node_as(name, op, inputs, element)
        {
            Ok(id) => id,
            Err(error) => panic!("BUG: half of a layer does not fit: {error}"),
        };
        let mut op = node.op.clone();
        if name == factor.node
            && let Some([first, second]) = layers(&node.op, factor)
        {
            inputs = vec![add(&format!("{name}_low"), first, &inputs)];
            op = second;
        }
        ids[node.output.0] = add(name, op, &inputs);
    }
    let outputs: Vec<TensorId> = graph.outputs.iter().map(|id| ids[id.0]).collect();
    builder.finish(&outputs)
}

/// The two operators that a layer becomes.
fn layers(op: &Op, factor: &Factor) -> Option<[Op; 2]> {
    match op {
        Op::Dense(op) => {
            let first = Dense {
                out_features: factor.rank,
                activation: Activation::None,
                ..*op
            };
            Some([Op::Dense(first), Op::Dense(*op)])
        }
        Op::Conv2d(op) => {
            let [first, second] = match factor.form {
                Form::Channels => [op.window, Window2d::valid([1, 1], [1, 1])],
                Form::Rows => [0, 1].map(|axis| along(op.window, axis)),
            };
            let first = Conv2d {
                window: first,
                out_channels: factor.rank,
                activation: Activation::None,
            };
            let second = Conv2d {
                window: second,
                ..*op
            };
            Some([Op::Conv2d(first), Op::Conv2d(second)])
        }
        Op::DepthwiseConv2d(_)
        | Op::Add(_)
        | Op::Binary(_)
        | Op::AveragePool2d(_)
        | Op::MaxPool2d(_)
        | Op::Mean(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::Svdf(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Unary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::TransposeConv2d(_)
        | Op::ResizeBilinear(_)
        | Op::Matmul(_)
        | Op::Constant(_) => None,
    }
}

/// The window on one axis alone.
fn along(window: Window2d, axis: usize) -> Window2d {
    let mut only = Window2d::valid([1, 1], [1, 1]);
    only.kernel[axis] = window.kernel[axis];
    only.stride[axis] = window.stride[axis];
    only.dilation[axis] = window.dilation[axis];
    only.padding = if axis == 0 {
        Padding {
            left: 0,
            right: 0,
            ..window.padding
        }
    } else {
        Padding {
            top: 0,
            bottom: 0,
            ..window.padding
        }
    };
    only
}

#[cfg(test)]
mod tests;
