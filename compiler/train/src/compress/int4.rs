//! Int4 weights: which layers get them, by the planner's price. They are trained as all others are; only the
//! fine-tuning on the integer grid knows them.

use ember_ir::{Graph, Op, WeightType};
use ember_search::{Constraints, Cost, Price};

/// The network with int4 weights in the layers of these names.
pub fn with_int4(graph: &Graph, layers: &[String]) -> Graph {
    let mut graph = graph.clone();
    for index in 0..graph.nodes.len() {
        let name = graph.node_name(&graph.nodes[index]);
        if layers.iter().any(|layer| layer == name) {
            graph.nodes[index].weights = WeightType::Int4;
        }
    }
    graph
}

/// The layers whose int4 weights make flash smallest, where the network still fits; none if flash does not fall.
///
/// Weights of a layer are half as large, but its kernel is one more, shared by all layers of its kind, and
/// needs room to unpack them. So it starts with every layer that has such a kernel and takes back, one by one
/// and kind by kind, whatever lets flash fall, and then what the limits ask for. Cost: a price per layer taken
/// back and layer.
pub fn int4_layers(graph: &Graph, price: &dyn Price, limits: &Constraints) -> Vec<String> {
    let priced = |layers: &[String]| price.price(&with_int4(graph, layers));
    let before = price.price(graph);
    let halves = graph
        .nodes
        .iter()
        .filter(|node| node.op.has_int4() && node.weights.is_int8() && !graph.has_int16(node));
    let dense: Vec<String> = halves
        .clone()
        .filter(|node| matches!(node.op, Op::Dense(_)))
        .map(|node| graph.node_name(node).to_owned())
        .collect();
    let mut layers: Vec<String> = halves
        .map(|node| graph.node_name(node).to_owned())
        .collect();
    let mut cost = priced(&layers);
    while !layers.is_empty() {
        let without = |gone: &dyn Fn(&String) -> bool| -> (Vec<String>, Cost) {
            let rest: Vec<String> = layers.iter().filter(|name| !gone(name)).cloned().collect();
            let cost = priced(&rest);
            (rest, cost)
        };
        let mut fewer: Vec<(Vec<String>, Cost)> = layers
            .iter()
            .map(|layer| without(&|name| name == layer))
            .collect();
        fewer.push(without(&|name| dense.contains(name)));
        fewer.push(without(&|name| !dense.contains(name)));
        fewer.retain(|(rest, _)| rest.len() < layers.len());
        let smaller = fewer
            .iter()
            .min_by_key(|(rest, cost)| (cost.flash_bytes, rest.len()))
            .filter(|(_, other)| other.flash_bytes <= cost.flash_bytes);
        let next = match smaller {
            Some(smaller) => smaller,
            None if limits.admit(&cost) || !limits.admit(&before) => break,
            None => {
                let emptier = |a: &&(_, Cost), b: &&(_, Cost)| {
                    limits.fullness(&a.1).total_cmp(&limits.fullness(&b.1))
                };
                match fewer.iter().min_by(emptier) {
                    Some(emptier) => emptier,
                    None => break,
                }
            }
        };
        (layers, cost) = next.clone();
    }
    if cost.flash_bytes < before.flash_bytes {
        layers
    } else {
        Vec::new()
    }
}
