use ember_codegen::interpret::run_float;
use ember_ir::{
    Activation, Add, Concat, Conv2d, Dense, DepthwiseConv2d, FloatGraph, Mean, Move, Window2d,
};
use ember_search::space::{self, SpaceKind, Task};

use super::*;
use crate::random::Random;
use crate::weights::export;

/// Networks that spaces draw, of few parameters.
fn networks() -> Vec<Graph> {
    let mut networks = Vec::new();
    for (kind, input) in [
        (SpaceKind::Cnn2d, [9, 8, 2]),
        (SpaceKind::Cnn1d, [1, 24, 3]),
        (SpaceKind::Mlp, [4, 3, 1]),
    ] {
        let task = Task {
            name: "net".into(),
            input: Shape::from(input),
            classes: 5,
            tokens: None,
        };
        let space = space::open(kind, task).expect("a space");
        networks.extend(
            space
                .templates()
                .iter()
                .map(|architecture| space.build(&architecture.scaled(1, 2))),
        );
    }
    networks.push(joined());
    networks
}

/// A concatenation of an addition with one of its parts, a multiplier, a mean.
fn joined() -> Graph {
    let mut builder = GraphBuilder::new("net");
    let input = builder.input("input", [6, 5, 2]);
    let conv = |window, out_channels| {
        Op::Conv2d(Conv2d {
            window,
            out_channels,
            activation: Activation::Relu,
        })
    };
    let same = Window2d::same([6, 5], [3, 3], [1, 1]);
    let mut node = |name: &str, op, inputs: &[TensorId]| {
        builder.node(name, op, inputs).expect("a node that fits")
    };
    let left = node("left", conv(same, 8), &[input]);
    let right = node("right", conv(same, 8), &[input]);
    let add = Op::Add(Add {
        activation: Activation::None,
    });
    let sum = node("sum", add, &[left, right]);
    let other = node("other", conv(same, 12), &[left]);
    let join = Op::Move(Move::Concat(Concat { axis: 2 }));
    let both = node("both", join, &[sum, other]);
    let depthwise = Op::DepthwiseConv2d(DepthwiseConv2d {
        window: same,
        multiplier: 2,
        activation: Activation::Relu,
    });
    let deep = node("deep", depthwise, &[both]);
    let mean = node("mean", Op::Mean(Mean {}), &[deep]);
    let dense = Op::Dense(Dense {
        out_features: 3,
        over_rows: false,
        activation: Activation::None,
    });
    let logits = node("logits", dense, &[mean]);
    builder.finish(&[logits])
}

/// Weights as after a training: nothing is 0 or 1.
fn trained(graph: &Graph, random: &mut Random) -> Weights {
    let mut weights = Weights::init(graph, random);
    for node in weights.nodes.iter_mut().flatten() {
        node.bias.fill_with(|| random.normal());
        if let Some(norm) = &mut node.norm {
            norm.gamma.fill_with(|| random.between(0.5, 2.0));
            norm.mean.fill_with(|| random.normal());
            norm.variance.fill_with(|| random.between(0.5, 2.0));
        }
    }
    weights
}

/// Makes what computes these units zero.
fn silence(graph: &Graph, weights: &mut Weights, channels: &Channels, is_silent: &[bool]) {
    for (node, weights) in graph.nodes.iter().zip(&mut weights.nodes) {
        let Some(weights) = weights else { continue };
        let units = &channels.of[node.output.0];
        let per_channel = weights.kernel.len() / units.len();
        for (i, weight) in weights.kernel.iter_mut().enumerate() {
            let channel = match node.op {
                Op::DepthwiseConv2d(_) => i % units.len(),
                _ => i / per_channel,
            };
            if is_silent[units[channel]] {
                *weight = 0.0;
            }
        }
        for (channel, &unit) in units.iter().enumerate() {
            if is_silent[unit] {
                weights.bias[channel] = 0.0;
                if let Some(norm) = &mut weights.norm {
                    norm.mean[channel] = 0.0;
                }
            }
        }
    }
}

#[test]
fn channels_that_are_silent_can_go_and_are_the_first_to_go() {
    let mut random = Random::new(5, 0);
    for graph in networks() {
        let channels = Channels::of(&graph);
        assert!(!channels.groups.is_empty(), "{graph:?}");
        let mut weights = trained(&graph, &mut random);
        let mut is_silent = vec![false; channels.units];
        let mut widths = Vec::new();
        for group in &channels.groups {
            let width = 1 + random.below(group.len());
            let mut order = group.clone();
            random.shuffle(&mut order);
            for &unit in &order[width..] {
                is_silent[unit] = true;
            }
            widths.push(width);
        }
        silence(&graph, &mut weights, &channels, &is_silent);
        let (narrow, left) = prune(&graph, &weights, &magnitude(&graph, &weights), &widths);
        assert_eq!(ember_ir::verify_graph(&narrow), []);
        assert!(narrow.parameters() <= graph.parameters());
        let [wide, narrow] = [export(&graph, &weights), export(&narrow, &left)];
        let shape = &graph.tensor(graph.inputs[0]).shape;
        for _ in 0..3 {
            let sample: Vec<f32> = (0..shape.elements()).map(|_| random.normal()).collect();
            let output = |network: &FloatGraph| {
                let tensors = run_float(network, &sample);
                tensors[network.graph.outputs[0].0].clone()
            };
            for (a, b) in output(&wide).iter().zip(output(&narrow)) {
                assert!((a - b).abs() <= 1e-4 * a.abs().max(1.0), "{a} {b}");
            }
        }
    }
}

#[test]
fn groups_keep_multiples_of_four_and_the_share_is_taken() {
    let mut random = Random::new(6, 0);
    for graph in networks() {
        let weights = trained(&graph, &mut random);
        let sizes: Vec<usize> = Channels::of(&graph).groups.iter().map(Vec::len).collect();
        let importance = magnitude(&graph, &weights);
        assert_eq!(widths(&graph, &importance, 0.0), sizes);
        let kept = widths(&graph, &importance, 0.5);
        for (&kept, &size) in kept.iter().zip(&sizes) {
            assert!(kept == size || kept.is_multiple_of(4), "{kept} of {size}");
            assert!(kept >= size.min(4));
        }
        let all = |widths: &[usize]| widths.iter().sum::<usize>();
        assert!(2 * all(&kept) >= all(&sizes));
        let fewest = widths(&graph, &importance, 1.0);
        assert!(all(&fewest) <= all(&kept));
        let least = narrowed_by(&graph, &fewest);
        assert!(least.parameters() < graph.parameters());
    }
}

#[test]
fn what_is_added_goes_together() {
    let graph = joined();
    let channels = Channels::of(&graph);
    // `left` and `right` are added; `other` stands for itself; the logits stay.
    let sizes: Vec<usize> = channels.groups.iter().map(Vec::len).collect();
    assert_eq!(sizes, [8, 12]);
    let narrow = narrowed_by(&graph, &[4, 8]);
    let shape = |name: &str| {
        let tensor = narrow.tensors.iter().find(|tensor| tensor.name == name);
        tensor.expect("the tensor").shape.to_string()
    };
    assert_eq!(shape("sum"), Shape::from([6, 5, 4]).to_string());
    assert_eq!(shape("both"), Shape::from([6, 5, 12]).to_string());
    assert_eq!(shape("deep"), Shape::from([6, 5, 24]).to_string());
    assert_eq!(shape("logits"), Shape::from([3]).to_string());
}
