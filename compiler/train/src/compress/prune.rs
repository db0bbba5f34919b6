//! Structured pruning: channels that carry little are cut out of the network, weights and all, so that
//! what is left is an ordinary, narrower network.
//!
//! How important a channel is, the weights say ([`super::magnitude`]) or a training ([`super::masks`]).
//! All groups of coupled channels ([`Channels`]) are ranked together, so that layers which can spare more
//! lose more; what a group keeps is a multiple of four channels, because kernels compute four at a time.
//!
//! How many channels a group keeps ([`widths`]) and which ones ([`prune`]) are two questions: the first
//! decides what the network costs and is answered once, the second is answered by each run.

use ember_ir::{Graph, GraphBuilder, Node, Op, Shape, TensorId};
use ember_search::Price;

use super::channels::Channels;
use super::magnitude::magnitude;
use crate::trainer::initial;
use crate::weights::{NodeWeights, Norm, Weights};

/// Channels that kernels compute at a time.
const STEP: usize = 4;

/// Channels that each group keeps when the least important `share` (in [0, 1]) of all goes; `importance` is
/// that of each unit of coupled channels.
pub fn widths(graph: &Graph, importance: &[f64], share: f32) -> Vec<usize> {
    let channels = Channels::of(graph);
    let mut ranked: Vec<usize> = channels.groups.iter().flatten().copied().collect();
    ranked.sort_by(|&a, &b| importance[a].total_cmp(&importance[b]).then(a.cmp(&b)));
    let going = (share.clamp(0.0, 1.0) * ranked.len() as f32) as usize;
    let mut is_going = vec![false; channels.units];
    for &unit in &ranked[..going] {
        is_going[unit] = true;
    }
    let kept = |group: &Vec<usize>| {
        let kept = group.iter().filter(|&&unit| !is_going[unit]).count();
        (kept.div_ceil(STEP).max(1) * STEP).min(group.len())
    };
    channels.groups.iter().map(kept).collect()
}

/// The same, or nothing if the planner does not find the network smaller for it.
pub(crate) fn pays(graph: &Graph, importance: &[f64], share: f32, price: &dyn Price) -> Vec<usize> {
    let widths = widths(graph, importance, share);
    let narrow = narrowed_by(graph, &widths);
    let (before, after) = (price.price(graph), price.price(&narrow));
    let pays = after.flash_bytes < before.flash_bytes && after.ram_bytes <= before.ram_bytes;
    if pays { widths } else { Vec::new() }
}

/// The network with the most important channels of each group, so many as `widths` says; of groups that
/// it does not name, all.
pub fn prune(
    graph: &Graph,
    weights: &Weights,
    importance: &[f64],
    widths: &[usize],
) -> (Graph, Weights) {
    let channels = Channels::of(graph);
    let mut is_kept = vec![true; channels.units];
    for (group, &width) in channels.groups.iter().zip(widths) {
        let mut ranked = group.clone();
        ranked.sort_by(|&a, &b| importance[b].total_cmp(&importance[a]).then(a.cmp(&b)));
        for &unit in ranked.iter().skip(width.max(1)) {
            is_kept[unit] = false;
        }
    }
    cut(graph, weights, &channels, &is_kept)
}

/// The topology that [`prune`] leaves, whatever is important.
pub(crate) fn narrowed_by(graph: &Graph, widths: &[usize]) -> Graph {
    let weights = initial(graph, 0);
    let importance = magnitude(graph, &weights);
    prune(graph, &weights, &importance, widths).0
}

/// The network without the units that are not kept.
fn cut(
    graph: &Graph,
    weights: &Weights,
    channels: &Channels,
    is_kept: &[bool],
) -> (Graph, Weights) {
    let kept = |id: TensorId| -> Vec<bool> {
        channels.of[id.0]
            .iter()
            .map(|&unit| is_kept[unit])
            .collect()
    };
    let mut builder = GraphBuilder::new(graph.name.clone());
    let mut ids = vec![TensorId(0); graph.tensors.len()];
    for &id in &graph.inputs {
        let tensor = graph.tensor(id);
        ids[id.0] = builder.input_as(tensor.name.clone(), tensor.shape.clone(), tensor.element);
    }
    let mut nodes = Vec::new();
    for (node, weights) in graph.nodes.iter().zip(&weights.nodes) {
        let out = kept(node.output);
        let inputs: Vec<TensorId> = node.inputs.iter().map(|id| ids[id.0]).collect();
        let op = narrowed(&node.op, out.iter().filter(|&&kept| kept).count());
        let element = graph.tensor(node.output).element;
        let built = builder.node_as(graph.node_name(node), op, &inputs, element);
        ids[node.output.0] = built.unwrap_or_else(|error| {
            panic!("BUG: a network without some of its channels is none: {error}")
        });
        let first = node
            .inputs
            .first()
            .map_or_else(Vec::new, |&input| kept(input));
        nodes.push(
            weights
                .as_ref()
                .map(|weights| selected(graph, node, weights, &first, &out)),
        );
    }
    let outputs: Vec<TensorId> = graph.outputs.iter().map(|id| ids[id.0]).collect();
    (builder.finish(&outputs), Weights { nodes })
}

/// The operator with so many output channels, where it says how many it has.
fn narrowed(op: &Op, width: usize) -> Op {
    let mut op = op.clone();
    match &mut op {
        Op::Conv2d(op) => op.out_channels = width,
        Op::Dense(op) => op.out_features = width,
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
        | Op::Constant(_) => {}
    }
    op
}

/// The weights of a node between kept channels.
fn selected(
    graph: &Graph,
    node: &Node,
    weights: &NodeWeights,
    inputs: &[bool],
    outputs: &[bool],
) -> NodeWeights {
    let shape = node.op.weight_shape(graph.input_shape(node));
    let dims = shape.as_ref().map_or(&[][..], Shape::dims);
    let all = |dim: usize| vec![true; dim];
    let masks = match (&node.op, dims) {
        (Op::Conv2d(_), &[_, h, w, _]) => vec![outputs.into(), all(h), all(w), inputs.into()],
        (Op::DepthwiseConv2d(_), &[one, h, w, _]) => {
            vec![all(one), all(h), all(w), outputs.into()]
        }
        // Its inputs are a map's elements in memory order, channels last.
        (Op::Dense(_), &[_, elements]) => {
            let columns = inputs.iter().copied().cycle().take(elements);
            vec![outputs.into(), columns.collect()]
        }
        _ => dims.iter().map(|&dim| all(dim)).collect(),
    };
    let vector = |values: &[f32]| select(values, &[outputs.into()]);
    NodeWeights {
        kernel: select(&weights.kernel, &masks),
        bias: vector(&weights.bias),
        norm: weights.norm.as_ref().map(|norm| Norm {
            gamma: vector(&norm.gamma),
            mean: vector(&norm.mean),
            variance: vector(&norm.variance),
        }),
    }
}

/// The elements of a row-major tensor whose index is kept on every axis.
fn select(values: &[f32], masks: &[Vec<bool>]) -> Vec<f32> {
    let is_kept = |flat: usize| {
        let mut rest = flat;
        masks.iter().rev().all(|mask| {
            let at = rest % mask.len();
            rest /= mask.len();
            mask[at]
        })
    };
    let kept = values.iter().enumerate().filter(|(flat, _)| is_kept(*flat));
    kept.map(|(_, value)| *value).collect()
}

#[cfg(test)]
mod tests;
