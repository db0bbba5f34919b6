//! Constants of small layers, by hand. The contract as a whole is checked in the tests crate.
#![allow(clippy::unwrap_used, reason = "tests")]

use ember_ir::{
    Activation, Add, Dense, Element, Graph, GraphBuilder, Mean, Multiplier, Op, Quant, QuantGraph,
    QuantParams, Rounding, Softmax,
};
use ember_runtime::params::Sums;
use expect_test::{Expect, expect};

use super::{Layer, LowerError, lower, requant};

fn quant(scale: f32, zero_point: i8) -> Quant {
    Quant { scale, zero_point }
}

/// A network of one node over one input.
fn single(shape: Vec<usize>, op: Op) -> Graph {
    let mut builder = GraphBuilder::new("single");
    let input = builder.input("input", ember_ir::Shape::new(shape));
    let inputs = if let Op::Add(_) = op {
        vec![input; 2]
    } else {
        vec![input]
    };
    let output = builder.node("node", op, &inputs).unwrap();
    builder.finish(&[output])
}

fn network(graph: Graph, quants: [Quant; 2], params: Option<QuantParams>) -> QuantGraph {
    QuantGraph {
        graph,
        quants: quants.to_vec(),
        params: vec![params],
        roundings: vec![Rounding::TfLite],
    }
}

fn dense(weights: Vec<i8>, scales: Vec<f32>, bias: Vec<i32>, quants: [Quant; 2]) -> QuantGraph {
    let op = Op::Dense(Dense {
        over_rows: false,
        out_features: bias.len(),
        activation: Activation::None,
    });
    let graph = single(vec![weights.len() / bias.len()], op);
    network(
        graph,
        quants,
        Some(QuantParams {
            weights,
            scales,
            bias: bias.into_iter().map(i64::from).collect(),
        }),
    )
}

fn refused(network: &QuantGraph, expected: Expect) {
    expected.assert_eq(&lower(network).unwrap_err().to_string());
}

#[test]
fn clamps_follow_the_activation() {
    let output = quant(0.05, -100);
    assert_eq!(requant::clamp(Activation::None, output), [-128, 127]);
    assert_eq!(requant::clamp(Activation::Relu, output), [-100, 127]);
    // 6 / 0.05 = 120 steps above the zero point.
    assert_eq!(requant::clamp(Activation::Relu6, output), [-100, 20]);
    // The bound is cut to int8.
    assert_eq!(requant::clamp(Activation::Relu6, quant(0.01, 0)), [0, 127]);
    // Half away from zero: 6 / 4 = 1.5.
    assert_eq!(requant::clamp(Activation::Relu6, quant(4.0, 0)), [0, 2]);
}

#[test]
fn biases_are_folded() {
    let network = dense(
        vec![3, -1, 100, 27],
        vec![0.5, 0.25],
        vec![10, -7],
        [quant(0.5, -4), quant(1.0, 9)],
    );
    let layers = lower(&network).unwrap();
    let Layer::Dense(layer) = &layers[0] else {
        panic!("{layers:?}");
    };
    assert_eq!(layer.bias, [10 + 4 * 2, -7 + 4 * 127]);
    assert_eq!((layer.inputs, layer.outputs, layer.output_zero), (2, 2, 9));
    // 0.5·0.5/1 and 0.5·0.25/1.
    assert_eq!(layer.mantissas, [1 << 30, 1 << 30]);
    assert_eq!(layer.exponents, [-1, -2]);
}

/// Per tensor the product of the scales is rounded to f32 before the division; per channel it is not.
#[test]
fn one_scale_for_a_dense_layer_is_multiplied_in_f32() {
    let (input, weight, output) = (0.1_f32, 0.7_f32, 0.3_f32);
    let expected = Multiplier::new(f64::from(input * weight) / f64::from(output));
    let exact = Multiplier::new(f64::from(input) * f64::from(weight) / f64::from(output));
    assert_ne!(expected, exact);
    let quants = [quant(input, 0), quant(output, 0)];
    for (scales, multiplier) in [(vec![weight], expected), (vec![weight; 2], exact)] {
        let count = scales.len();
        let layers = lower(&dense(vec![1, 1], scales, vec![0, 0], quants)).unwrap();
        let Layer::Dense(layer) = &layers[0] else {
            panic!("{layers:?}");
        };
        assert_eq!(layer.mantissas, vec![multiplier.mantissa; count]);
    }
}

#[test]
fn means_fold_the_count() {
    let graph = single(vec![3, 1, 2], Op::Mean(Mean {}));
    let layers = lower(&network(graph, [quant(0.5, 1), quant(0.5, 2)], None)).unwrap();
    let Layer::Mean(params) = layers[0] else {
        panic!("{layers:?}");
    };
    // d = 1 = 2³⁰·2¹; shifted left by one and divided by three.
    assert_eq!(
        (params.scale.mantissa, params.scale.exponent),
        (i32::MAX / 3, 0)
    );
    assert_eq!((params.input_zero, params.output_zero), (1, 2));
}

#[test]
fn sums_meet_at_twice_the_larger_scale() {
    let op = Op::Add(Add {
        activation: Activation::None,
    });
    let layers = lower(&network(
        single(vec![4], op),
        [quant(0.5, 3), quant(1.0, -2)],
        None,
    ))
    .unwrap();
    let Layer::Add(params) = layers[0] else {
        panic!("{layers:?}");
    };
    assert_eq!((params.left.mantissa, params.left.exponent), (1 << 30, 0));
    assert_eq!(params.left, params.right);
    // 2·0.5 / (2²⁰·1) = 2⁻²⁰.
    assert_eq!(
        (params.output.mantissa, params.output.exponent),
        (1 << 30, -19)
    );
}

#[test]
fn softmax_tables_fall_from_one() {
    let softmax = quant(1.0 / 256.0, -128);
    let table = |scale| {
        let graph = single(vec![4], Op::Softmax(Softmax {}));
        match lower(&network(graph, [quant(scale, 0), softmax], None))
            .unwrap()
            .remove(0)
        {
            Layer::Softmax(layer) => layer.exps,
            other => panic!("{other:?}"),
        }
    };
    for scale in [1e-3, 0.0625, 0.1, 1.0, 20.0] {
        let exps = table(scale);
        assert_eq!(exps[0], i32::MAX);
        assert!(exps.is_sorted_by(|a, b| a >= b));
        for (difference, &exp) in exps.iter().enumerate() {
            let real = (-(difference as f64) * f64::from(scale)).exp();
            assert!(
                (f64::from(exp) / 2f64.powi(31) - real).abs() < 1e-6,
                "{scale} {difference}"
            );
        }
    }
    // Nothing is visible at this scale.
    assert_eq!(*table(1e-12), [i32::MAX; 256]);
}

#[test]
fn accumulators_that_may_overflow_are_refused() {
    let quants = [quant(0.5, -128), quant(1.0, 0)];
    let fits = dense(
        vec![127; 2],
        vec![1.0],
        vec![i32::MAX - 2 * 127 * 255],
        quants,
    );
    // The multiplier is 1/2: nothing is shifted left.
    assert!(lower(&fits).is_ok());
    let over = dense(
        vec![1, 1, 127, 127],
        vec![1.0],
        vec![0, i32::MAX - 2 * 127 * 255 + 1],
        quants,
    );
    refused(
        &over,
        expect![[r#"
            accumulators may overflow:
              node `node`, channel 1: the accumulator may reach 2147483648, the limit is 2147483647; make the layer smaller or the scale of its output larger"#]],
    );
    let mut shifted = dense(
        vec![127; 2],
        vec![1.0],
        vec![1 << 20],
        [quant(0.5, 0), quant(1e-4, 0)],
    );
    // A single rounding works in 64 bits, but its result has 32 as well.
    for rounding in [Rounding::TfLite, Rounding::Single] {
        shifted.roundings = vec![rounding];
        refused(
            &shifted,
            expect![[r#"
                accumulators may overflow:
                  node `node`, channel 0: the accumulator shifted left by its multiplier may reach 8856272896, the limit is 2147483647; make the layer smaller or the scale of its output larger"#]],
        );
    }
    let long = single(vec![4096], Op::Softmax(Softmax {}));
    refused(
        &network(long, [quant(1.0, 0), quant(1.0 / 256.0, -128)], None),
        expect![[r#"
            accumulators may overflow:
              node `node`, channel 0: the sum of exponentials may reach 4096, the limit is 4095; make the layer smaller or the scale of its output larger"#]],
    );
}

/// A fully connected layer of int16 with wide sums.
fn wide(weights: Vec<i8>, bias: Vec<i64>, scales: [f32; 3]) -> QuantGraph {
    let [input, weight, output] = scales;
    let mut network = dense(
        weights,
        vec![weight],
        vec![0; bias.len()],
        [quant(input, 0), quant(output, 0)],
    );
    network.params[0].as_mut().unwrap().bias = bias;
    network.roundings = vec![Rounding::Wide];
    for tensor in &mut network.graph.tensors {
        tensor.element = Element::Int16;
    }
    network
}

#[test]
fn biases_of_int16_stay_as_they_are() {
    let biases = vec![1 << 40, -7];
    let network = wide(vec![3, -1, 100, 27], biases.clone(), [1e-4, 1e-3, 0.25]);
    let layers = lower(&network).unwrap();
    let Layer::DenseS16(layer) = &layers[0] else {
        panic!("{layers:?}");
    };
    assert_eq!((layer.inputs, layer.outputs), (2, 2));
    assert_eq!(
        (layer.clamp, layer.sums),
        ([i16::MIN, i16::MAX], Sums::Wide)
    );
    assert_eq!(layer.bias, biases);
    // One factor, for each output.
    assert_eq!(layer.mantissas.len(), 2);
    assert_eq!(layer.mantissas[0], layer.mantissas[1]);
}

#[test]
fn wide_sums_that_may_overflow_are_refused() {
    let scales = [1e-4, 1e-3, 0.25];
    let most = (1 << 47) - 1 - 127 * (1 << 15);
    assert!(lower(&wide(vec![127], vec![most], scales)).is_ok());
    refused(
        &wide(vec![127], vec![most + 1], scales),
        expect![[r#"
        accumulators may overflow:
          node `node`, channel 0: the accumulator may reach 140737488355328, the limit is 140737488355327; make the layer smaller or the scale of its output larger"#]],
    );
    refused(
        &wide(vec![1], vec![1 << 33], [1.0, 1.0, 1.0]),
        expect![[r#"
            accumulators may overflow:
              node `node`, channel 0: the scaled accumulator may reach 17179934720, the limit is 2147483646; make the layer smaller or the scale of its output larger"#]],
    );
    refused(
        &wide(vec![1], vec![0], [1.0, 1.0, 1e-5]),
        expect![[r#"
        accumulators may overflow:
          node `node`, channel 0: the exponent of its multiplier may reach 17, the limit is 14; make the layer smaller or the scale of its output larger"#]],
    );
    // Nothing is shifted where there is nothing.
    assert!(lower(&wide(vec![0], vec![0], [1.0, 1.0, 1e-5])).is_ok());
}

#[test]
fn broken_networks_are_refused() {
    let mut network = dense(
        vec![1, 1],
        vec![1.0],
        vec![0],
        [quant(0.5, 0), quant(1.0, 0)],
    );
    network.quants[0].scale = f32::NAN;
    network.params[0].as_mut().unwrap().bias.clear();
    assert!(matches!(&lower(&network), Err(LowerError::Invalid(all)) if all.len() == 2));
    refused(
        &network,
        expect![[r#"
        the int8 network is not valid:
          tensor `input`: scale NaN is not finite and positive
          bias of node `node`: 0 entries, 1 needed"#]],
    );
}
