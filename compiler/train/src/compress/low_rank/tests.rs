use ember_codegen::interpret::run_float;
use ember_ir::FloatGraph;
use ember_search::Cost;

use super::*;
use crate::random::Random;
use crate::weights::export;

/// Parameters are flash and the largest tensor is the arena.
struct Simple {
    /// Whether every network of more nodes needs more RAM.
    is_tight: bool,
}

impl Price for Simple {
    fn price(&self, graph: &Graph) -> Cost {
        let largest = graph.tensors.iter().map(|tensor| tensor.bytes()).max();
        let arena = largest.unwrap_or(0) + usize::from(self.is_tight) * graph.nodes.len();
        Cost {
            flash_bytes: graph.parameters(),
            ram_bytes: arena,
            arena_bytes: arena,
            instructions: graph.macs(),
            macs: graph.macs(),
        }
    }
}

/// A padded, strided convolution and two dense layers.
fn network() -> Graph {
    let mut builder = GraphBuilder::new("net");
    let mut at = builder.input("input", [9, 8, 6]);
    let ops = [
        (
            "conv",
            Op::Conv2d(Conv2d {
                window: Window2d::same([9, 8], [5, 3], [2, 1]),
                out_channels: 24,
                activation: Activation::Relu,
            }),
        ),
        ("hidden", dense(32, Activation::Relu)),
        ("logits", dense(5, Activation::None)),
    ];
    for (name, op) in ops {
        at = builder.node(name, op, &[at]).expect("a node that fits");
    }
    builder.finish(&[at])
}

fn dense(out_features: usize, activation: Activation) -> Op {
    Op::Dense(Dense {
        out_features,
        over_rows: false,
        activation,
    })
}

fn distance(left: &FloatGraph, right: &FloatGraph, random: &mut Random) -> f32 {
    let shape = &left.graph.tensor(left.graph.inputs[0]).shape;
    let sample: Vec<f32> = (0..shape.elements()).map(|_| random.normal()).collect();
    let output = |network: &FloatGraph| {
        let tensors = run_float(network, &sample);
        tensors[network.graph.outputs[0].0].clone()
    };
    let (left, right) = (output(left), output(right));
    let differences = left.iter().zip(right).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max)
}

#[test]
fn two_layers_of_full_rank_compute_the_same() {
    let mut random = Random::new(2, 0);
    let graph = network();
    let weights = Weights::init(&graph, &mut random);
    let whole = export(&graph, &weights);
    // 24 × 90, (24·3) × 30, 32 × 960.
    for (node, form, full) in [
        ("conv", Form::Channels, 24),
        ("conv", Form::Rows, 30),
        ("hidden", Form::Channels, 32),
    ] {
        let of_rank = |rank| {
            let factor = Factor {
                node: node.into(),
                rank,
                form,
            };
            let (graph, weights) = factorise(&graph, &weights, &[factor]);
            assert_eq!(ember_ir::verify_graph(&graph), []);
            export(&graph, &weights)
        };
        let exact = distance(&whole, &of_rank(full), &mut random);
        assert!(exact < 1e-3, "{node} {form:?}: {exact}");
        // One direction more than there are changes nothing; one less does.
        let more = distance(&whole, &of_rank(full + 1), &mut random);
        assert!(more < 1e-3, "{node} {form:?}: {more}");
        let less = distance(&whole, &of_rank(full / 2), &mut random);
        assert!(less > 1e-2, "{node} {form:?}: {less}");
    }
}

#[test]
fn what_has_low_rank_is_found_and_nothing_else() {
    let mut random = Random::new(3, 0);
    let graph = network();
    let mut weights = Weights::init(&graph, &mut random);
    let free = Simple { is_tight: false };
    assert_eq!(factors(&graph, &weights, 1.0, &free), []);
    // The hidden layer becomes a product of rank three.
    let hidden = weights.nodes[1].as_mut().expect("weights");
    let inner = hidden.kernel.len() / 32;
    let mut vectors = |count: usize| -> Vec<f32> { (0..count).map(|_| random.normal()).collect() };
    let (left, right) = (vectors(32 * 3), vectors(3 * inner));
    for (i, weight) in hidden.kernel.iter_mut().enumerate() {
        let (row, column) = (i / inner, i % inner);
        *weight = (0..3)
            .map(|r| left[row * 3 + r] * right[r * inner + column])
            .sum();
    }
    let found = factors(&graph, &weights, 0.9999, &free);
    let expected = Factor {
        node: "hidden".into(),
        rank: 4,
        form: Form::Channels,
    };
    assert_eq!(found, [expected]);
    let (small, left) = factorise(&graph, &weights, &found);
    assert!(small.parameters() * 3 < graph.parameters());
    let (whole, small) = (export(&graph, &weights), export(&small, &left));
    assert!(distance(&whole, &small, &mut Random::new(4, 0)) < 1e-2);
    // A planner that finds the arena larger says no.
    let tight = Simple { is_tight: true };
    assert_eq!(factors(&graph, &weights, 0.9999, &tight), []);
}
