//! Zero-cost proxies: what they are on networks where that is known.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod common;

use ember_ir::{Activation, Graph};
use ember_search::Probe;
use ember_train::trainer::initial;
use ember_train::{Evaluator, Normalization, Parts, Recipe};

use common::{Builder, GO_ON, digits};

fn probe(graph: &Graph, seed: u64) -> [f64; 3] {
    let data = digits(0..200);
    let normalization = Normalization::range(&data);
    let parts = Parts::new(data.clone(), &data, &data, normalization);
    let evaluator = Evaluator {
        parts: &parts,
        other_folds: &[],
        recipe: &Recipe::default(),
        cancel: &GO_ON,
        keep: None,
    };
    evaluator.probe(graph, seed).unwrap()
}

fn of_width(width: usize) -> Graph {
    let mut net = Builder::new([8, 8, 1]);
    net.conv(3, 2, width);
    net.dense(10, Activation::None);
    net.finish()
}

#[test]
fn a_seed_gives_one_opinion() {
    let graph = of_width(8);
    assert_eq!(probe(&graph, 1), probe(&graph, 1));
    assert_ne!(probe(&graph, 1), probe(&graph, 2));
}

#[test]
fn more_rectifiers_tell_more_samples_apart() {
    let [narrow, middle, wide] = [2, 8, 32].map(|width| probe(&of_width(width), 1));
    assert!(narrow[0] < middle[0] && middle[0] < wide[0]);
    assert!(narrow[1] < wide[1], "and more flows through them");
    assert!(narrow[2] < wide[2], "and more weights have a slope");
}

/// Of one layer every path is one weight.
#[test]
fn the_flow_of_one_layer_is_the_sum_of_its_weights() {
    let mut net = Builder::new([8, 8, 1]);
    net.dense(10, Activation::None);
    let graph = net.finish();
    let weights = initial(&graph, 3);
    let kernel = &weights.nodes[0].as_ref().unwrap().kernel;
    let sum: f64 = kernel.iter().map(|w| f64::from(w.abs())).sum();
    assert!((probe(&graph, 3)[1] - sum.ln()).abs() < 1e-4);
}
