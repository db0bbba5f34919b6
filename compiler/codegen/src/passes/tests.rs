//! Networks before and after each pass, as text.
#![allow(clippy::unwrap_used, reason = "tests")]

use ember_ir::text::print_graph;
use ember_ir::{
    Activation, AveragePool2d, Dense, FloatGraph, FloatParams, Graph, GraphBuilder, MaxPool2d,
    Mean, Op, Reshape, Shape, TensorId, Window2d,
};
use expect_test::{Expect, expect};

use super::{PASSES, run};

fn reshape<const N: usize>(dims: [usize; N]) -> Op {
    Op::Reshape(Reshape {
        shape: Shape::from(dims),
    })
}

fn dense(out_features: usize) -> Op {
    Op::Dense(Dense {
        over_rows: false,
        out_features,
        activation: Activation::Relu,
    })
}

fn max_pool(size: usize, activation: Activation) -> Op {
    Op::MaxPool2d(MaxPool2d {
        window: Window2d::valid([size, size], [size, size]),
        activation,
    })
}

/// A network whose weights are all one.
fn network(graph: Graph) -> FloatGraph {
    let params = graph.nodes.iter().map(|node| {
        let input = graph.input_shape(node);
        Some(FloatParams {
            weights: vec![1.0; node.op.weight_shape(input)?.elements()],
            bias: vec![0.0; node.op.weight_channels(input)?],
        })
    });
    FloatGraph {
        params: params.collect(),
        graph,
    }
}

/// One pass over a graph; the text shows both.
fn pass(name: &str, graph: Graph, expected: Expect) {
    let before = print_graph(&graph);
    let pass = PASSES.iter().find(|pass| pass.name == name).unwrap();
    let after = (pass.run)(network(graph));
    assert_eq!(after.params.len(), after.graph.nodes.len());
    expected.assert_eq(&format!(
        "{before}--- {name}\n{}",
        print_graph(&after.graph)
    ));
}

mod int8;

#[test]
fn copies_are_removed() {
    let mut builder = GraphBuilder::new("copies");
    let input = builder.input("input", [4, 4, 2]);
    let x = builder.node("same", reshape([4, 4, 2]), &[input]).unwrap();
    let average = Op::AveragePool2d(AveragePool2d {
        window: Window2d::valid([1, 1], [1, 1]),
        activation: Activation::None,
    });
    let x = builder.node("average", average, &[x]).unwrap();
    let x = builder
        .node("max", max_pool(1, Activation::None), &[x])
        .unwrap();
    let x = builder
        .node("halve", max_pool(2, Activation::None), &[x])
        .unwrap();
    let x = builder
        .node("rectify", max_pool(1, Activation::Relu), &[x])
        .unwrap();
    let x = builder.node("named", reshape([2, 2, 2]), &[x]).unwrap();
    pass(
        "remove_identity",
        builder.finish(&[x]),
        expect![[r#"
        ember 1
        model copies
        input input 4x4x2
        same = reshape input shape=4x4x2 -> 4x4x2
        average = average_pool2d same kernel=1x1 -> 4x4x2
        max = max_pool2d average kernel=1x1 -> 4x4x2
        halve = max_pool2d max kernel=2x2 stride=2x2 -> 2x2x2
        rectify = max_pool2d halve kernel=1x1 act=relu -> 2x2x2
        named = reshape rectify shape=2x2x2 -> 2x2x2
        output named
        --- remove_identity
        ember 1
        model copies
        input input 4x4x2
        halve = max_pool2d input kernel=2x2 stride=2x2 -> 2x2x2
        rectify = max_pool2d halve kernel=1x1 act=relu -> 2x2x2
        named = reshape rectify shape=2x2x2 -> 2x2x2
        output named
    "#]],
    );
}

#[test]
fn dense_layers_need_no_flattening() {
    let mut builder = GraphBuilder::new("flatten");
    let input = builder.input("input", [2, 2, 2]);
    let x = builder.node("flat", reshape([8]), &[input]).unwrap();
    let x = builder.node("hidden", dense(6), &[x]).unwrap();
    let x = builder.node("row", reshape([1, 6, 1]), &[x]).unwrap();
    let x = builder.node("image", reshape([2, 3, 1]), &[x]).unwrap();
    let x = builder.node("mean", Op::Mean(Mean {}), &[x]).unwrap();
    let x = builder.node("output", reshape([1, 1, 1]), &[x]).unwrap();
    pass(
        "remove_flatten",
        builder.finish(&[x]),
        expect![[r#"
        ember 1
        model flatten
        input input 2x2x2
        flat = reshape input shape=8 -> 8
        hidden = dense flat features=6 act=relu -> 6
        row = reshape hidden shape=1x6x1 -> 1x6x1
        image = reshape row shape=2x3x1 -> 2x3x1
        mean = mean image -> 1
        output = reshape mean shape=1x1x1 -> 1x1x1
        output output
        --- remove_flatten
        ember 1
        model flatten
        input input 2x2x2
        hidden = dense input features=6 act=relu -> 6
        image = reshape hidden shape=2x3x1 -> 2x3x1
        mean = mean image -> 1
        output = reshape mean shape=1x1x1 -> 1x1x1
        output output
    "#]],
    );
}

#[test]
fn what_reaches_no_output_is_removed() {
    let mut builder = GraphBuilder::new("dead");
    let input = builder.input("input", [8]);
    builder.input("unread", [3]);
    let x = builder.node("used", dense(4), &[input]).unwrap();
    let dead = builder.node("dead", dense(5), &[x]).unwrap();
    builder.node("deader", dense(2), &[dead]).unwrap();
    let x = builder.node("output", dense(2), &[x]).unwrap();
    pass(
        "remove_dead",
        builder.finish(&[x]),
        expect![[r#"
        ember 1
        model dead
        input input 8
        input unread 3
        used = dense input features=4 act=relu -> 4
        dead = dense used features=5 act=relu -> 5
        deader = dense dead features=2 act=relu -> 2
        output = dense used features=2 act=relu -> 2
        output output
        --- remove_dead
        ember 1
        model dead
        input input 8
        input unread 3
        used = dense input features=4 act=relu -> 4
        output = dense used features=2 act=relu -> 2
        output output
    "#]],
    );
}

/// A reshape there and back is the identity only once the first of the two is gone.
#[test]
fn the_passes_run_until_nothing_changes() {
    let mut builder = GraphBuilder::new("there_and_back");
    let input = builder.input("input", [2, 2, 2]);
    let x = builder.node("there", reshape([8]), &[input]).unwrap();
    let x = builder.node("back", reshape([2, 2, 2]), &[x]).unwrap();
    let x = builder.node("output", Op::Mean(Mean {}), &[x]).unwrap();
    let after = run(network(builder.finish(&[x]))).unwrap();
    expect![[r#"
        ember 1
        model there_and_back
        input input 2x2x2
        output = mean input -> 2
        output output
    "#]]
    .assert_eq(&print_graph(&after.graph));
}

#[test]
fn broken_networks_are_refused() {
    let mut builder = GraphBuilder::new("broken");
    let input = builder.input("input", [8]);
    let x = builder.node("output", dense(2), &[input]).unwrap();
    let mut network = network(builder.finish(&[x]));
    network.graph.outputs[0] = TensorId(7);
    assert_eq!(run(network).unwrap_err().len(), 1);
}
