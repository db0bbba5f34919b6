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
        let fitting = fewer
            .iter()
            .filter(|(_, other)| limits.admit(other))
            .min_by_key(|(_, other)| other.flash_bytes);
        let emptier = |a: &&(_, Cost), b: &&(_, Cost)| {
            limits.fullness(&a.1).total_cmp(&limits.fullness(&b.1))
        };
        let next = match smaller {
            Some(smaller) => smaller,
            None if limits.admit(&cost) || !limits.admit(&before) => break,
            None => match fitting.or_else(|| fewer.iter().min_by(emptier)) {
                Some(fitting) => fitting,
                None => break,
            },
        };
        (layers, cost) = next.clone();
    }
    if cost.flash_bytes < before.flash_bytes {
        layers
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use ember_ir::{Activation, Conv2d, Dense, GraphBuilder, Window2d};

    use super::*;

    /// Bytes of weights are flash, and each kind of kernel for int4 takes a hundred more; unpacked weights of a
    /// convolution are RAM.
    struct Simple;

    impl Price for Simple {
        fn price(&self, graph: &Graph) -> Cost {
            let (mut flash, mut ram) = (0, 0);
            let mut kinds = [false; 2];
            for node in &graph.nodes {
                let shape = node.op.weight_shape(graph.input_shape(node));
                let weights = shape.map_or(0, |shape| shape.elements());
                let is_dense = matches!(node.op, Op::Dense(_));
                match node.weights {
                    WeightType::Int8 => flash += weights,
                    WeightType::Int4 => {
                        flash += weights / 2;
                        ram += if is_dense { 0 } else { weights };
                        kinds[usize::from(is_dense)] = true;
                    }
                }
            }
            Cost {
                flash_bytes: flash + 100 * kinds.into_iter().filter(|&kind| kind).count(),
                ram_bytes: ram,
                arena_bytes: ram,
                instructions: graph.macs(),
                macs: graph.macs(),
            }
        }
    }

    fn limits(ram_bytes: usize) -> Constraints {
        Constraints {
            flash_bytes: 1 << 20,
            ram_bytes,
            instructions: None,
            macs: None,
        }
    }

    /// A convolution of a window, two of a pixel, two small dense layers.
    fn network(features: usize) -> Graph {
        let mut builder = GraphBuilder::new("net");
        let mut at = builder.input("input", [4, 4, 8]);
        let conv = |kernel, out_channels| {
            Op::Conv2d(Conv2d {
                window: Window2d::valid([kernel, kernel], [1, 1]),
                out_channels,
                activation: Activation::Relu,
            })
        };
        let dense = |out_features| {
            Op::Dense(Dense {
                out_features,
                over_rows: false,
                activation: Activation::None,
            })
        };
        for (name, op) in [
            ("window", conv(4, 16)),
            ("wide", conv(1, 32)),
            ("narrow", conv(1, 8)),
            ("hidden", dense(features)),
            ("logits", dense(features)),
        ] {
            at = builder.node(name, op, &[at]).expect("a node that fits");
        }
        builder.finish(&[at])
    }

    #[test]
    fn layers_are_halved_where_flash_falls() {
        // 512 and 256 weights; 64 and 64, for which no kernel pays, though each would if the other had one.
        let graph = network(8);
        let layers = int4_layers(&graph, &Simple, &limits(1 << 20));
        assert_eq!(layers, ["wide", "narrow"]);
        let halved = with_int4(&graph, &layers);
        let types: Vec<WeightType> = halved.nodes.iter().map(|node| node.weights).collect();
        use WeightType::{Int4, Int8};
        assert_eq!(types, [Int8, Int4, Int4, Int8, Int8]);
        let layers = int4_layers(&network(32), &Simple, &limits(1 << 20));
        assert_eq!(layers, ["wide", "narrow", "hidden", "logits"]);
    }

    #[test]
    fn limits_are_kept() {
        let graph = network(32);
        let layers = int4_layers(&graph, &Simple, &limits(600));
        assert_eq!(layers, ["wide", "hidden", "logits"]);
        let layers = int4_layers(&graph, &Simple, &limits(0));
        assert_eq!(layers, ["hidden", "logits"]);
    }
}
