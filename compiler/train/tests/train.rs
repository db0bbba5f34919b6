//! Training as a whole: what burn computes is what the IR means, runs are reproducible, and networks
//! learn.

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ember_codegen::interpret::run_float;
use ember_ir::{Activation, Graph, Shape};
use ember_train::random::Random;
use ember_train::{
    Augmentation, Dataset, ImageAugmentation, Normalization, Recipe, TrainError, Weights, export,
    predict, train,
};

use common::{Builder, digits, everything, session, small};

/// Random samples of a graph's input shape.
fn noise(graph: &Graph, samples: usize, classes: usize) -> Dataset {
    let shape = graph.tensor(graph.inputs[0]).shape.clone();
    let mut random = Random::new(7, 0);
    let values = (0..samples * shape.elements())
        .map(|_| random.normal())
        .collect();
    let labels = (0..samples).map(|i| i % classes).collect();
    Dataset::new(
        shape,
        values,
        labels,
        (0..classes).map(|c| c.to_string()).collect(),
    )
    .expect("noise")
}

/// The trained network in burn against the IR's interpreter.
fn assert_burn_equals_ir(graph: &Graph, weights: &Weights, data: &Dataset) {
    let float = export(graph, weights);
    let scores = predict::predict(&float, data).expect("scores");
    let classes = data.classes.len();
    for (sample, scores) in data.iter().zip(scores.chunks(classes)) {
        let tensors = run_float(&float, sample);
        for (ours, theirs) in scores.iter().zip(&tensors[graph.outputs[0].0]) {
            assert!(
                (ours - theirs).abs() < 1e-4 * theirs.abs().max(1.0),
                "{ours} {theirs}"
            );
        }
    }
}

#[test]
fn every_operator_means_the_same_in_burn() {
    let graph = everything();
    let data = noise(&graph, 24, 4);
    let normalization = Normalization::identity(&data.shape);
    let recipe = Recipe {
        epochs: 2,
        batch_size: 8,
        ..Recipe::default()
    };
    // Two epochs move all weights and the running statistics away from their simple start.
    let weights = train(session(&graph, &data, &normalization, &recipe, 1), None).expect("weights");
    assert_burn_equals_ir(&graph, &weights, &data);
}

#[test]
fn every_weight_learns() {
    let graph = everything();
    let data = noise(&graph, 24, 4);
    let normalization = Normalization::identity(&data.shape);
    let recipe = Recipe {
        epochs: 3,
        batch_size: 8,
        average_decay: 0.0,
        ..Recipe::default()
    };
    let session = session(&graph, &data, &normalization, &recipe, 1);
    let before = ember_train::trainer::initial(&graph, 1);
    let after = train(session, Some(before.clone())).expect("weights");
    let read: std::collections::BTreeSet<usize> = graph
        .nodes
        .iter()
        .flat_map(|node| &node.inputs)
        .chain(&graph.outputs)
        .map(|id| id.0)
        .collect();
    for ((node, before), after) in graph.nodes.iter().zip(&before.nodes).zip(&after.nodes) {
        let (Some(before), Some(after)) = (before, after) else {
            continue;
        };
        let name = graph.node_name(node);
        let live = read.contains(&node.output.0);
        assert_eq!(before.bias != after.bias, live, "bias of {name}");
        if live {
            let still = before
                .kernel
                .iter()
                .zip(&after.kernel)
                .filter(|(a, b)| a == b)
                .count();
            assert!(
                still * 10 < before.kernel.len().max(10),
                "{still} weights of {name} stood still"
            );
            if let (Some(before), Some(after)) = (&before.norm, &after.norm) {
                assert_ne!(before, after, "norm of {name}");
            }
        }
    }
}

#[test]
fn a_seed_gives_one_network_bit_for_bit() {
    let (graph, data) = (small(), digits(0..200));
    let normalization = Normalization::range(&data);
    let augmentation = Augmentation::Image(ImageAugmentation {
        shift: 1.0,
        noise: 0.1,
        ..Default::default()
    });
    let recipe = Recipe {
        epochs: 2,
        mixup: 0.2,
        augmentation,
        ..Recipe::default()
    };
    let run =
        |seed| train(session(&graph, &data, &normalization, &recipe, seed), None).expect("weights");
    let first = run(3);
    // Another pool must make no difference.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a pool");
    assert_eq!(first, pool.install(|| run(3)));
    assert_ne!(first, run(4));
}

#[test]
fn digits_are_learned() {
    let (graph, data, test) = (small(), digits(0..600), digits(1000..1400));
    let normalization = Normalization::range(&data);
    let recipe = Recipe {
        epochs: 15,
        ..Recipe::default()
    };
    let losses = std::sync::Mutex::new(Vec::new());
    let progress = |epoch: ember_train::Epoch| losses.lock().expect("the losses").push(epoch.loss);
    let session = ember_train::Session {
        progress: &progress,
        ..session(&graph, &data, &normalization, &recipe, 1)
    };
    let float = export(&graph, &train(session, None).expect("weights"));
    let scores = predict::predict(&float, &test.normalized(&normalization)).expect("scores");
    let accuracy = predict::accuracy(&scores, &test.labels);
    assert!(accuracy > 0.93, "{accuracy}");
    let losses = losses.into_inner().expect("the losses");
    assert_eq!(losses.len(), 15);
    assert!(losses[14] < losses[0] / 2.0, "{losses:?}");
}

#[test]
fn a_student_follows_its_teacher() {
    let (graph, data) = (small(), digits(0..400));
    let normalization = Normalization::range(&data);
    let recipe = Recipe {
        epochs: 10,
        distillation: 1.0,
        ..Recipe::default()
    };
    let teacher = export(
        &graph,
        &train(session(&graph, &data, &normalization, &recipe, 1), None).expect("weights"),
    );
    // The student's own labels are worthless: what it knows it has from the teacher.
    let mut unlabelled = data.clone();
    unlabelled.labels.fill(0);
    let teachers = [teacher];
    let session = ember_train::Session {
        teachers: &teachers,
        ..session(&graph, &unlabelled, &normalization, &recipe, 2)
    };
    let student = export(&graph, &train(session, None).expect("weights"));
    let scores = predict::predict(&student, &data.normalized(&normalization)).expect("scores");
    let accuracy = predict::accuracy(&scores, &data.labels);
    assert!(accuracy > 0.9, "{accuracy}");
}

#[test]
fn children_inherit_what_fits() {
    let graph = small();
    let parent = ember_train::trainer::initial(&graph, 1);
    let mut wider = Builder::new([8, 8, 1]);
    wider.conv(3, 1, 12);
    wider.conv(3, 2, 16);
    wider.dense(10, Activation::None);
    let wider = wider.finish();
    let mut child = ember_train::trainer::initial(&wider, 2);
    assert_eq!(child.inherit(&wider, &parent, &graph), 3);
    let kernel =
        |weights: &Weights, node: usize| weights.nodes[node].clone().expect("weights").kernel;
    assert_eq!(kernel(&child, 0)[..72], kernel(&parent, 0)[..]);
    // Tap 0 of filter 0 of the second convolution: 8 of its 12 inputs are the parent's.
    assert_eq!(kernel(&child, 1)[..8], kernel(&parent, 1)[..8]);
    assert_eq!(kernel(&child, 2), kernel(&parent, 2));
}

#[test]
fn a_cancelled_run_stops_at_once() {
    let (graph, data) = (small(), digits(0..200));
    let normalization = Normalization::range(&data);
    let recipe = Recipe {
        epochs: 1_000_000,
        ..Recipe::default()
    };
    let cancel = AtomicBool::new(false);
    let epochs = AtomicUsize::new(0);
    let progress = |_| {
        if epochs.fetch_add(1, Ordering::Relaxed) == 1 {
            cancel.store(true, Ordering::Relaxed);
        }
    };
    let session = ember_train::Session {
        cancel: &cancel,
        progress: &progress,
        ..session(&graph, &data, &normalization, &recipe, 1)
    };
    assert_eq!(train(session, None), Err(TrainError::Cancelled));
    assert_eq!(epochs.into_inner(), 2);
}

#[test]
fn data_of_another_shape_is_refused() {
    let graph = small();
    let data = noise(&everything(), 8, 10);
    let normalization = Normalization::identity(&data.shape);
    let recipe = Recipe::default();
    let error =
        train(session(&graph, &data, &normalization, &recipe, 1), None).expect_err("a wrong shape");
    let TrainError::Data { network, data, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(
        (network, data),
        (&Shape::from([8, 8, 1]), &Shape::from([7, 6, 2]))
    );
}

#[test]
fn a_hopeless_learning_rate_is_reported() {
    let (graph, data) = (small(), digits(0..200));
    let normalization = Normalization::range(&data);
    let recipe = Recipe {
        epochs: 30,
        learning_rate: 1e30,
        warmup: 0.0,
        ..Recipe::default()
    };
    let error =
        train(session(&graph, &data, &normalization, &recipe, 1), None).expect_err("divergence");
    assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
}
