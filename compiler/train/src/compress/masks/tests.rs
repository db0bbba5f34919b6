use std::sync::atomic::AtomicBool;

use ember_ir::{Activation, Dense, GraphBuilder, Op, Shape};

use super::*;
use crate::compress::prune::{prune, widths};
use crate::dataset::Dataset;
use crate::normalization::Normalization;
use crate::random::Random;
use crate::recipe::Recipe;
use crate::task::Task;
use crate::trainer::initial;

const INPUTS: usize = 6;
const HIDDEN: usize = 16;

/// Two layers.
fn network() -> Graph {
    let mut builder = GraphBuilder::new("net");
    let input = builder.input("input", [INPUTS]);
    let dense = |out_features, activation| {
        Op::Dense(Dense {
            out_features,
            over_rows: false,
            activation,
        })
    };
    let mut node = |name, op, input| builder.node(name, op, &[input]).expect("a node that fits");
    let hidden = node("hidden", dense(HIDDEN, Activation::Relu), input);
    let logits = node("logits", dense(2, Activation::None), hidden);
    builder.finish(&[logits])
}

/// The class says whether the first value is the larger one of the first two.
fn data() -> Dataset {
    let mut random = Random::new(3, 0);
    let samples: Vec<f32> = (0..64 * INPUTS).map(|_| random.normal()).collect();
    let labels = samples.chunks(INPUTS).map(|x| usize::from(x[0] > x[1]));
    Dataset {
        shape: Shape::from([INPUTS]),
        labels: labels.collect(),
        samples,
        classes: vec!["no".into(), "yes".into()],
        task: Task::Classification,
    }
}

/// Every other hidden channel says something of the class; the rest, whose own weights are larger, are read
/// by nobody: these close.
#[test]
fn what_nobody_reads_closes() {
    let graph = network();
    let mut start = initial(&graph, 1);
    let [hidden, logits] = [0, 1].map(|node| start.nodes[node].clone().expect("a layer"));
    let (mut hidden, mut logits) = (hidden, logits);
    for channel in 0..HIDDEN {
        let yes = if channel % 4 == 1 { 1.0 } else { -1.0 };
        let is_read = channel % 2 == 1;
        let inputs = &mut hidden.kernel[channel * INPUTS..][..INPUTS];
        inputs.fill(if is_read { 0.0 } else { 4.0 });
        (inputs[0], inputs[1]) = (yes, -yes);
        logits.kernel[channel] = if is_read { -0.1 * yes } else { 0.0 };
        logits.kernel[HIDDEN + channel] = if is_read { 0.1 * yes } else { 0.0 };
    }
    start.nodes = vec![Some(hidden), Some(logits)];
    let data = data();
    let normalization = Normalization::identity(&data.shape);
    // Weights stand still, but for the statistics of the batch norm.
    let recipe = Recipe {
        epochs: 60,
        batch_size: 32,
        learning_rate: 0.0,
        average_decay: 0.0,
        ..Recipe::default()
    };
    let session = Session {
        graph: &graph,
        data: &data,
        normalization: &normalization,
        recipe: &recipe,
        seed: 5,
        teachers: &[],
        cancel: &AtomicBool::new(false),
        progress: &|_| {},
    };
    let (weights, importance) = learned(session, start.clone(), 0.5).expect("a training");
    assert_eq!(weights.nodes[1], start.nodes[1]);
    let widths = widths(&graph, &importance, 0.5);
    assert_eq!(widths, [HIDDEN / 2]);
    let (narrow, left) = prune(&graph, &weights, &importance, &widths);
    assert_eq!(narrow.tensors[1].shape, Shape::from([HIDDEN / 2]));
    let read = &left.nodes[1].as_ref().expect("a layer").kernel;
    assert!(read.iter().all(|&weight| weight != 0.0), "{read:?}");
    let again = learned(session, start, 0.5).expect("a training");
    assert_eq!(again.1, importance);
}
