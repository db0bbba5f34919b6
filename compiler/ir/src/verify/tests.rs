//! Every rule broken, alone.
#![allow(clippy::unwrap_used, reason = "tests")]

use expect_test::{Expect, expect};

use super::{Violation, verify_float, verify_graph, verify_quant};
use crate::{
    Activation, AveragePool2d, Conv2d, Dense, Element, FloatGraph, FloatParams, Graph,
    GraphBuilder, MaxPool2d, Op, Quant, QuantGraph, QuantParams, Rounding, Shape, Softmax,
    TensorId, WeightType, Window2d,
};

/// input 4x4x2 → conv 3x3x3 → pool 1x1x3 → dense 2 → softmax 2.
fn graph() -> Graph {
    let mut builder = GraphBuilder::new("small");
    let input = builder.input("input", [4, 4, 2]);
    let conv = Op::Conv2d(Conv2d {
        window: Window2d::valid([2, 2], [1, 1]),
        out_channels: 3,
        activation: Activation::Relu,
    });
    let pool = Op::MaxPool2d(MaxPool2d {
        window: Window2d::valid([3, 3], [3, 3]),
        activation: Activation::None,
    });
    let dense = Op::Dense(Dense {
        over_rows: false,
        out_features: 2,
        activation: Activation::None,
    });
    let x = builder.node("conv", conv, &[input]).unwrap();
    let x = builder.node("pool", pool, &[x]).unwrap();
    let x = builder.node("dense", dense, &[x]).unwrap();
    let x = builder
        .node("softmax", Op::Softmax(Softmax {}), &[x])
        .unwrap();
    builder.finish(&[x])
}

fn float() -> FloatGraph {
    let params = |weights, bias| {
        Some(FloatParams {
            weights: vec![0.5; weights],
            bias: vec![0.0; bias],
        })
    };
    FloatGraph {
        graph: graph(),
        params: vec![params(24, 3), None, params(6, 2), None],
    }
}

fn quant() -> QuantGraph {
    let params = |weights, bias, scales| {
        Some(QuantParams {
            weights: vec![1; weights],
            scales: vec![0.1; scales],
            bias: vec![0; bias],
        })
    };
    let ordinary = Quant {
        scale: 0.5,
        zero_point: 3,
    };
    let softmax = Quant {
        scale: 1.0 / 256.0,
        zero_point: -128,
    };
    QuantGraph {
        graph: graph(),
        quants: vec![ordinary, ordinary, ordinary, ordinary, softmax],
        params: vec![params(24, 3, 3), None, params(6, 2, 1), None],
        roundings: vec![Rounding::Single; 4],
    }
}

fn show(violations: &[Violation]) -> String {
    violations
        .iter()
        .map(|violation| format!("{violation}\n"))
        .collect()
}

fn broken_graph(change: impl FnOnce(&mut Graph), expected: Expect) {
    let mut graph = graph();
    change(&mut graph);
    expected.assert_eq(&show(&verify_graph(&graph)));
}

fn broken_float(change: impl FnOnce(&mut FloatGraph), expected: Expect) {
    let mut network = float();
    change(&mut network);
    expected.assert_eq(&show(&verify_float(&network)));
}

fn broken_quant(change: impl FnOnce(&mut QuantGraph), expected: Expect) {
    let mut network = quant();
    change(&mut network);
    expected.assert_eq(&show(&verify_quant(&network)));
}

#[test]
fn sound_networks_have_no_violations() {
    assert_eq!(verify_graph(&graph()), []);
    assert_eq!(verify_float(&float()), []);
    assert_eq!(verify_quant(&quant()), []);
}

#[test]
fn names_are_unique_and_not_empty() {
    broken_graph(
        |graph| {
            graph.name.clear();
            graph.tensors[1].name = "input".to_owned();
            graph.tensors[2].name.clear();
        },
        expect![[r#"
            the graph has no name
            tensors 0 and 1 are both named `input`; names must be unique
            tensor 2 has no name
        "#]],
    );
}

#[test]
fn ids_are_in_range() {
    broken_graph(
        |graph| {
            graph.nodes[1].inputs[0] = TensorId(9);
            graph.nodes[2].output = TensorId(5);
            graph.outputs.push(TensorId(usize::MAX));
        },
        expect![[r#"
            the list of outputs names tensor 18446744073709551615, the graph has 5
            an input of node 1 names tensor 9, the graph has 5
            the output of node 2 names tensor 5, the graph has 5
        "#]],
    );
}

#[test]
fn inputs_and_outputs_exist_once() {
    broken_graph(
        |graph| graph.outputs.clear(),
        expect![[r#"
        the graph has no outputs
    "#]],
    );
    broken_graph(
        |graph| graph.outputs.push(TensorId(4)),
        expect![[r#"
        tensor `softmax` is listed twice among the outputs
    "#]],
    );
}

#[test]
fn producers_run_before_readers_and_write_once() {
    broken_graph(
        |graph| graph.nodes.swap(2, 3),
        expect![[r#"
        node `softmax` reads tensor `dense` before it is written; reorder the nodes
    "#]],
    );
    broken_graph(
        |graph| {
            graph.inputs.push(TensorId(1));
        },
        expect![[r#"
            node 0 writes tensor `conv`, which the caller has written
        "#]],
    );
    broken_graph(
        |graph| {
            graph.nodes.pop();
        },
        expect![[r#"
            tensor `softmax` is neither an input nor the output of a node
        "#]],
    );
}

#[test]
fn shapes_are_as_inferred_and_bounded() {
    broken_graph(
        |graph| graph.tensors[3].shape = Shape::from([3]),
        expect![[r#"
        tensor `dense` has shape 3, its node computes 2
        tensor `softmax` has shape 2, its node computes 3
    "#]],
    );
    broken_graph(
        |graph| graph.tensors[0].shape = Shape::from([4, 4]),
        expect![[r#"
        node `conv`: conv2d needs an input of shape HxWxC, it was given 4x4
    "#]],
    );
    broken_graph(
        |graph| graph.tensors[0].shape = Shape::from([1 << 20, 1 << 20, 2]),
        expect![[r#"
        tensor `input` has 2199023255552 elements; 1 to 268435456 are possible
        tensor `conv` has shape 3x3x3, its node computes 1048575x1048575x3
    "#]],
    );
    broken_graph(
        |graph| graph.tensors[0].shape = Shape::from([0, 4, 2]),
        expect![[r#"
        tensor `input` has 0 elements; 1 to 268435456 are possible
        node `conv`: conv2d: input size is 0; it must be at least 1
    "#]],
    );
    broken_graph(
        |graph| graph.nodes[1].inputs.push(TensorId(0)),
        expect![[r#"
        node `pool`: max_pool2d takes 1 input(s), it was given 2
    "#]],
    );
    broken_graph(
        |graph| graph.nodes[1].inputs.clear(),
        expect![[r#"
        node `pool`: max_pool2d takes 1 input(s), it was given 0
    "#]],
    );
}

#[test]
fn pools_see_their_input_everywhere() {
    let mut builder = GraphBuilder::new("blind");
    let input = builder.input("input", [3, 1, 1]);
    let mut window = Window2d::valid([2, 1], [1, 1]);
    window.dilation = [5, 1];
    window.padding.top = 5;
    window.padding.bottom = 5;
    let pool = AveragePool2d {
        window,
        activation: Activation::None,
    };
    let output = builder
        .node("pool", Op::AveragePool2d(pool), &[input])
        .unwrap();
    expect![[r#"
        node `pool`: row or column 3 of the output sees only padding; pad less
    "#]]
    .assert_eq(&show(&verify_graph(&builder.finish(&[output]))));
}

#[test]
fn weights_belong_to_the_operators_that_take_them() {
    broken_float(
        |network| {
            network.params[0] = None;
            network.params[1] = network.params[2].clone();
        },
        expect![[r#"
            node `conv` (conv2d) needs weights
            node `pool` (max_pool2d) takes no weights
        "#]],
    );
    broken_float(
        |network| {
            network.params.pop();
        },
        expect![[r#"
            the list of weights: 3 entries, 4 needed
        "#]],
    );
    broken_float(
        |network| {
            let params = network.params[0].as_mut().unwrap();
            params.weights.pop();
            params.bias[1] = f32::NAN;
        },
        expect![[r#"
            weights of node `conv`: 23 entries, 24 needed
            bias of node `conv`, entry 1: NaN is not finite
        "#]],
    );
}

#[test]
fn int4_weights_are_where_kernels_have_them() {
    broken_graph(
        |graph| {
            graph.nodes[0].weights = WeightType::Int4;
            graph.nodes[1].weights = WeightType::Int4;
        },
        expect![[r#"
            node `conv` (conv2d): only fully connected layers and convolutions with a kernel of 1x1 have int4 weights
            node `pool` (max_pool2d): only fully connected layers and convolutions with a kernel of 1x1 have int4 weights
        "#]],
    );
    broken_quant(
        |network| {
            network.graph.nodes[2].weights = WeightType::Int4;
            network.params[2].as_mut().unwrap().weights = vec![0, 16, 112, -112, -128, 8];
        },
        expect![[r#"
            weights of node `dense`, entry 4: -128 is no int4 weight, a multiple of 16 from −112 to 112
        "#]],
    );
}

#[test]
fn scales_and_weights_are_in_range() {
    broken_quant(
        |network| {
            network.quants[0].scale = 0.0;
            network.quants[3].scale = f32::INFINITY;
            let params = network.params[0].as_mut().unwrap();
            params.scales[1] = -1.0;
            params.weights[7] = -128;
            network.params[2].as_mut().unwrap().scales.clear();
        },
        expect![[r#"
            tensor `input`: scale 0 is not finite and positive
            tensor `dense`: scale inf is not finite and positive
            weights of node `conv`, channel 1: scale -1 is not finite and positive
            weights of node `conv`, entry 7: -128 is outside [−127, 127]
            weight scales of node `dense`: 0 entries, 2 needed
        "#]],
    );
    broken_quant(
        |network| {
            network.quants.pop();
            network.roundings.clear();
        },
        expect![[r#"
            the list of scales and zero points: 4 entries, 5 needed
            the list of roundings: 0 entries, 4 needed
        "#]],
    );
}

#[test]
fn operators_keep_their_quantisation_rules() {
    broken_quant(
        |network| {
            network.quants[2].zero_point = 4;
            network.quants[4].zero_point = 0;
        },
        expect![[r#"
            node `pool` (max_pool2d): input and output share scale 0.5 and zero point 3, it has scale 0.5 and zero point 4
            node `softmax` (softmax): the output has scale 0.00390625 and zero point -128, it has scale 0.00390625 and zero point 0
        "#]],
    );
}

#[test]
fn int16_is_for_operators_that_have_it() {
    broken_graph(
        |graph| {
            for tensor in &mut graph.tensors {
                tensor.element = Element::Int16;
            }
            graph.tensors[0].element = Element::Int8;
        },
        expect![[r#"
            node `conv` (conv2d): int8 and int16 meet, and only quantize converts
            node `softmax` (softmax): it has no kernel for int16 activations
        "#]],
    );
    broken_float(
        |network| {
            for tensor in &mut network.graph.tensors[..4] {
                tensor.element = Element::Int16;
            }
            network.graph.tensors[4].element = Element::Int16;
            network.graph.nodes.pop();
            network.graph.tensors.pop();
            network.graph.outputs = vec![TensorId(3)];
            network.params.pop();
        },
        expect![[r#"
            tensor `input` is int16; a network in f32 has no integer types
            tensor `conv` is int16; a network in f32 has no integer types
            tensor `pool` is int16; a network in f32 has no integer types
            tensor `dense` is int16; a network in f32 has no integer types
        "#]],
    );
}

#[test]
fn sums_have_the_width_of_their_rounding() {
    broken_quant(
        |network| {
            network.params[0].as_mut().unwrap().bias[2] = 1 << 31;
            network.roundings[1] = Rounding::Wide;
            network.roundings[2] = Rounding::Wide;
        },
        expect![[r#"
            bias of node `conv`, entry 2: 2147483648 does not fit 32 bits
            node `pool` (max_pool2d): only layers with weights and int16 activations round as `wide`, it has int8
            node `dense` (dense): only layers with weights and int16 activations round as `wide`, it has int8
        "#]],
    );
    broken_quant(
        |network| {
            network.graph.nodes.pop();
            network.graph.tensors.pop();
            network.graph.outputs = vec![TensorId(3)];
            network.quants.pop();
            network.params.pop();
            network.roundings = vec![Rounding::Wide, Rounding::Single, Rounding::Wide];
            network.params[2].as_mut().unwrap().bias[1] = 1 << 40;
            for (tensor, quant) in network.graph.tensors.iter_mut().zip(&mut network.quants) {
                tensor.element = Element::Int16;
                quant.zero_point = 0;
            }
            network.quants[3].zero_point = 2;
        },
        expect![[r#"
            tensor `dense` is int16 and has zero point 2; it must be 0
        "#]],
    );
}
