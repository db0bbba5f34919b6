//! A network that is fed step by step gives, with the last step of a window, what the network for the window
//! gives: bit for bit, for every network of the search's space.
#![allow(clippy::unwrap_used, reason = "tests")]

use ember_codegen::interpret::Interpreter;
use ember_codegen::quantize::quantize_sample;
use ember_codegen::steps::{StepsError, calls, graph_per_call, per_call};
use ember_ir::{
    GraphBuilder, Mean, Op, QuantGraph, Recurrent, Reshape, Rounding, Shape, WeightType,
    verify_quant,
};
use ember_search::space::{Narrowing, open_narrowed};
use ember_search::{SearchRng, SpaceKind, Task};
use ember_tests::random_graphs;
use rand_chacha::rand_core::SeedableRng as _;

const WINDOW: usize = 12;

#[test]
fn a_stream_of_steps_equals_the_whole_window() {
    let mut operators = std::collections::BTreeSet::new();
    let (mut networks, mut differing) = (0, 0);
    for seed in 0..120 {
        let hop = [1, 2, 4, 12][seed as usize % 4];
        let allowed = Narrowing {
            hop: Some(hop),
            width: Some(4..=16),
            ..Narrowing::default()
        };
        let task = Task {
            name: "net".into(),
            input: Shape::from([1, WINDOW, 3]),
            classes: 4,
            tokens: None,
        };
        let space = open_narrowed(SpaceKind::Recurrent, task, &allowed).unwrap();
        let mut graph = space.build(&space.sample(&mut SearchRng::seed_from_u64(seed)));
        for node in graph.nodes.iter_mut().filter(|node| node.op.has_int4()) {
            node.weights = [WeightType::Int8, WeightType::Int4][seed as usize % 2];
        }
        if graph_per_call(&graph, hop).is_err() {
            // Pooled to a single step, there is no last one to take.
            assert_eq!(hop, WINDOW);
            continue;
        }
        operators.extend(graph.nodes.iter().map(|node| node.op.name()));
        let rounding = [Rounding::Single, Rounding::TfLite][seed as usize % 2];
        let whole =
            random_graphs::in_int8(random_graphs::with_weights(graph, seed), seed, rounding);
        let call = per_call(&whole, hop).unwrap();
        assert_eq!(verify_quant(&call), []);
        let halved = |network: &QuantGraph| {
            let nodes = network.graph.nodes.iter();
            nodes
                .filter(|node| node.weights == WeightType::Int4)
                .count()
        };
        assert_eq!(halved(&call), halved(&whole), "seed {seed}");
        assert_eq!(calls(&whole.graph, &call.graph), WINDOW / hop);
        let (whole_run, call_run) = (
            Interpreter::new(&whole).unwrap(),
            Interpreter::new(&call).unwrap(),
        );
        let mut outputs = Vec::new();
        for sample in random_graphs::samples(&whole.graph, seed, 4) {
            let sample = quantize_sample(&whole, &sample);
            let mut stream = call_run.start();
            let steps = sample.chunks_exact(call_run.input_len());
            let last = steps.fold(Vec::new(), |_, steps| stream.run(steps));
            assert_eq!(last, whole_run.run(&sample), "seed {seed}");
            outputs.push(last);
        }
        outputs.dedup();
        networks += 1;
        differing += usize::from(outputs.len() > 1);
    }
    // Few of random weights give the same whatever they see.
    assert!(
        networks > 80 && differing * 10 > networks * 9,
        "{differing} of {networks}"
    );
    for name in [
        "gru_reset_after",
        "lstm",
        "darts_cell",
        "conv2d",
        "average_pool2d",
    ] {
        assert!(operators.contains(name), "{name} among {operators:?}");
    }
}

#[test]
fn what_sees_several_calls_is_named() {
    let graph = |head: Op| {
        let mut builder = GraphBuilder::new("net");
        let x = builder.input("input", [1, WINDOW, 3]);
        let shape = Shape::from([WINDOW, 3]);
        let x = builder
            .node("steps", Op::Reshape(Reshape { shape }), &[x])
            .unwrap();
        let gru = Recurrent {
            cell: ember_ir::Cell::Gru,
            hidden: 4,
            stateful: false,
        };
        let x = builder.node("gru", Op::Recurrent(gru), &[x]).unwrap();
        let shape = Shape::from([1, WINDOW, 4]);
        let x = builder
            .node("map", Op::Reshape(Reshape { shape }), &[x])
            .unwrap();
        let x = builder.node("head", head, &[x]).unwrap();
        builder.finish(&[x])
    };
    let mean = graph(Op::Mean(Mean {}));
    assert_eq!(
        graph_per_call(&mean, 1).unwrap_err().to_string(),
        "head (mean) sees steps of several calls; only recurrent layers remember"
    );
    assert_eq!(
        graph_per_call(&mean, 5).unwrap_err(),
        StepsError::Division {
            window: WINDOW,
            steps: 5
        }
    );
    let flat = graph(Op::Reshape(Reshape {
        shape: Shape::from([WINDOW, 4]),
    }));
    assert!(matches!(
        graph_per_call(&flat, 1),
        Err(StepsError::Output { .. })
    ));
}
