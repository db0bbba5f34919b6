#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::sync::atomic::AtomicBool;

use ember_ir::{Graph, Op, Shape};
use ember_search::space::{Relaxing, open};
use ember_search::{SpaceKind, Task};

use super::*;
use crate::net::{Exact, Leaves, Net, to_vec};
use crate::weights::{copy_corner, copy_prefix};
use crate::{Dataset, Normalization, Parts, Recipe};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn spaces() -> [(SpaceKind, Shape); 5] {
    [
        (SpaceKind::Cnn2d, Shape::from([9, 8, 2])),
        (SpaceKind::Cnn1d, Shape::from([1, 40, 3])),
        (SpaceKind::Mlp, Shape::from([6])),
        (SpaceKind::Recurrent, Shape::from([1, 20, 3])),
        (SpaceKind::Text, Shape::from([1, 20, 1])),
    ]
}

fn space(kind: SpaceKind, input: &Shape) -> Box<dyn ember_search::Space> {
    let task = Task {
        name: "net".into(),
        input: input.clone(),
        classes: 3,
        tokens: (kind == SpaceKind::Text).then_some(4),
    };
    open(kind, task).unwrap()
}

/// Noise with labels.
fn data(shape: &Shape, samples: usize) -> Dataset {
    let mut random = Random::new(3, 0);
    let values = (0..samples * shape.elements())
        .map(|_| random.normal())
        .collect();
    let labels = (0..samples).map(|i| i % 3).collect();
    let classes = ["a", "b", "c"].map(String::from).to_vec();
    Dataset::new(shape.clone(), values, labels, classes).unwrap()
}

fn batch(shape: &Shape, samples: usize, seed: u64) -> Lot {
    let mut random = Random::new(seed, 0);
    let mut targets = vec![0.0; samples * 3];
    for sample in 0..samples {
        targets[3 * sample + random.below(3)] = 1.0;
    }
    Lot {
        samples: (0..samples * shape.elements())
            .map(|_| random.normal())
            .collect(),
        targets,
    }
}

/// Weights that are no longer as simple as at the start.
fn disturbed(mut weights: Weights) -> Weights {
    let mut random = Random::new(11, 0);
    for node in weights.nodes.iter_mut().flatten() {
        let norm = node.norm.iter_mut().flat_map(|norm| &mut norm.gamma);
        for value in node.bias.iter_mut().chain(norm) {
            *value += 0.3 * random.normal();
        }
    }
    weights
}

/// The corner of the mixture's weights that the network of its open options has.
fn cut(
    mixture: &Mixture<'_>,
    bound: &mixture::Bound<'_>,
    weights: &Weights,
    graph: &Graph,
) -> Weights {
    let mut own = Weights::init(graph, &mut Random::new(1, 0));
    let path = mixture.path(bound);
    assert_eq!(path.len(), graph.nodes.len());
    for ((node, own), (from, shape)) in graph.nodes.iter().zip(&mut own.nodes).zip(path) {
        let (Some(own), Some(theirs)) = (own, &weights.nodes[from]) else {
            continue;
        };
        let to = node.op.weight_shape(graph.input_shape(node)).unwrap();
        if let Op::Lstm(_) | Op::Recurrent(_) | Op::DartsCell(_) = &node.op {
            // All units of fewer inputs: a row ends with the weights of hidden values, or of all states.
            let widths = [&to, &shape.unwrap()].map(|shape| shape.dims()[1]);
            let units = node
                .op
                .output_shape(&[graph.input_shape(node)])
                .unwrap()
                .dims()[1];
            let states = match &node.op {
                Op::DartsCell(op) => units * op.stages(),
                _ => units,
            };
            let rows = theirs.kernel.chunks_exact(widths[1]);
            for (to, from) in own.kernel.chunks_exact_mut(widths[0]).zip(rows) {
                let (inputs, hidden) = to.split_at_mut(widths[0] - states);
                copy_prefix(inputs, from);
                hidden.copy_from_slice(&from[widths[1] - states..]);
            }
        } else {
            copy_corner(&mut own.kernel, &to, &theirs.kernel, &shape.unwrap());
        }
        copy_prefix(&mut own.bias, &theirs.bias);
        if let (Some(own), Some(theirs)) = (&mut own.norm, &theirs.norm) {
            copy_prefix(&mut own.gamma, &theirs.gamma);
        }
    }
    own
}

/// With one gate per gene open the mixture computes what that network computes.
#[test]
fn a_mixture_of_one_network_is_that_network() {
    let device = Device::flex();
    for (kind, input) in spaces() {
        let space = space(kind, &input);
        let relaxation = space.relax(Relaxing { level: 0, share: 1 }).unwrap();
        let mixed = relaxation.mixed().unwrap();
        let mixture = Mixture::new(&mixed).unwrap();
        let weights = disturbed(mixture.initial(&mut Random::new(1, 0)));
        let batch = batch(&input, 8, 2);
        let mut random = Random::new(5, 0);
        for _ in 0..12 {
            let options = relaxation.options().iter();
            let chosen: Vec<usize> = options.map(|&n| random.below(n)).collect();
            let gates = Gates::one_hot(relaxation.options(), &chosen);
            let bound = mixture.bind(&weights, &gates, BOTH, &device);
            let mixed = mixture.forward(&bound, Batch::new(&input, &batch.samples, &device));
            let graph = space.build(&relaxation.decode(&chosen));
            let own = cut(&mixture, &bound, &weights, &graph);
            let alone = Net::new(&graph).unwrap().forward(
                &Leaves::new(&graph, &own, &device),
                Batch::new(&input, &batch.samples, &device),
                &mut Exact,
            );
            for (a, b) in to_vec(mixed).into_iter().zip(to_vec(alone.logits)) {
                assert!((a - b).abs() < 1e-3 * b.abs().max(1.0), "{kind}: {a} {b}");
            }
        }
    }
}

struct Bench {
    parts: Parts,
    recipe: Recipe,
    mixed: Mixed,
    input: Shape,
}

fn bench(kind: SpaceKind, input: &Shape, share: usize) -> Bench {
    let data = data(input, 48);
    Bench {
        parts: Parts::new(data.clone(), &data, &data, Normalization::identity(input)),
        recipe: Recipe {
            epochs: 4,
            batch_size: 12,
            learning_rate: 0.1,
            warmup: 0.0,
            ..Recipe::default()
        },
        mixed: space(kind, input)
            .relax(Relaxing { level: 1, share })
            .unwrap()
            .mixed()
            .unwrap(),
        input: input.clone(),
    }
}

impl Bench {
    fn running(&self) -> Running<'_> {
        let evaluator = Evaluator {
            parts: &self.parts,
            other_folds: &[],
            recipe: &self.recipe,
            cancel: &GO_ON,
            keep: None,
        };
        Running::new(evaluator, &self.mixed, 1).unwrap()
    }

    /// Gates that differ.
    fn gates(&self) -> Gates {
        let gene = |&options: &usize| {
            let amounts: Vec<f64> = (1..=options).map(|i| 1.0 + (i % 3) as f64).collect();
            let sum: f64 = amounts.iter().sum();
            amounts.into_iter().map(|amount| amount / sum).collect()
        };
        Gates(self.mixed.options.iter().map(gene).collect())
    }
}

/// Small beside a gate, large beside what f32 resolves of a loss.
const STEP: f64 = 1e-3;

/// Distance of a slope from central differences of `loss`, relative to the slope; rectifiers have kinks, so it
/// is not zero.
fn distance(slope: &Gates, gates: &Gates, mut loss: impl FnMut(&Gates) -> f64) -> f64 {
    let mut differences = gates.clone();
    for (gene, differences) in differences.0.iter_mut().enumerate() {
        for (option, difference) in differences.iter_mut().enumerate() {
            let mut moved = |by: f64| {
                let mut moved = gates.clone();
                moved.0[gene][option] += by;
                loss(&moved)
            };
            *difference = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
        }
    }
    differences.add(slope, -1.0);
    let norm = |gates: &Gates| gates.0.iter().flatten().map(|x| x * x).sum::<f64>().sqrt();
    norm(&differences) / norm(slope)
}

#[test]
fn slopes_are_those_of_the_loss() {
    for (kind, input) in spaces() {
        for share in [1, 4] {
            let bench = bench(kind, &input, share);
            let (running, gates) = (bench.running(), bench.gates());
            let judge = batch(&bench.input, 48, 8);
            let weights = disturbed(running.weights.clone());
            let slope = running.pass(&weights, &gates, &judge, GATES).gates;
            let distance = distance(&slope, &gates, |gates| {
                running.pass(&weights, gates, &judge, GATES).loss
            });
            println!("{kind}, share {share}: {distance}");
            assert!(distance < 0.05, "{kind}, share {share}: {distance}");
        }
    }
}

/// The second order is the slope of the loss behind a step of the weights, which itself follows the gates.
#[test]
fn the_second_order_foresees_the_step() {
    let bench = bench(SpaceKind::Mlp, &Shape::from([6]), 1);
    let (mut running, gates) = (bench.running(), bench.gates());
    running.weights = disturbed(running.weights.clone());
    let (learn, judge) = (batch(&bench.input, 24, 7), batch(&bench.input, 24, 8));
    let rate = f64::from(running.rate());
    let ahead = |gates: &Gates| {
        let step = running.pass(&running.weights, gates, &learn, WEIGHTS);
        moved(&running.weights, &step.weights, -rate)
    };
    let loss = |gates: &Gates| running.pass(&ahead(gates), gates, &judge, GATES).loss;
    let second = running.foreseen(&gates, &learn, &judge).gates;
    let near = distance(&second, &gates, loss);
    // Without the second term it is not.
    let first = running.pass(&ahead(&gates), &gates, &judge, GATES).gates;
    let far = distance(&first, &gates, loss);
    assert!(near < 0.05, "{near}");
    assert!(far > 2.0 * near, "{far} {near}");
}

#[test]
fn halves_share_no_sample_and_every_class() {
    let data = data(&Shape::from([2]), 31);
    let [learn, judge] = halves(&data, 1);
    let mut all = [learn.clone(), judge.clone()].concat();
    all.sort_unstable();
    assert_eq!(all, (0..31).collect::<Vec<usize>>());
    for half in [learn, judge] {
        for class in 0..3 {
            let count = half.iter().filter(|&&i| data.labels[i] == class).count();
            assert!((5..=6).contains(&count));
        }
    }
}
