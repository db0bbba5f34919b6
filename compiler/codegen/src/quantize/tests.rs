//! Ranges, scales, and the edge cases of both.
#![allow(clippy::unwrap_used, reason = "tests")]

use ember_ir::{
    Activation, Binary, BinaryFunction, Conv2d, Dense, FloatGraph, FloatParams, Gather, Graph,
    GraphBuilder, LogSoftmax, MaxPool2d, Mean, Move, Op, Quant, Reshape, Rounding, Shape, Softmax,
    Window2d,
};
use expect_test::expect;

use super::{
    Range, RangeMethod, activations, calibrate, dequantize_output, quantize, quantize_sample,
};
use crate::interpret::{Interpreter, run_float};

fn range(min: f32, max: f32) -> Range {
    Range { min, max }
}

fn dense(weights: Vec<f32>, bias: Vec<f32>, activation: Activation) -> FloatGraph {
    let mut builder = GraphBuilder::new("dense");
    let input = builder.input("input", [weights.len() / bias.len()]);
    let op = Op::Dense(Dense {
        over_rows: false,
        out_features: bias.len(),
        activation,
    });
    let output = builder.node("output", op, &[input]).unwrap();
    FloatGraph {
        graph: builder.finish(&[output]),
        params: vec![Some(FloatParams { weights, bias })],
    }
}

#[test]
fn ranges_become_scales_that_hold_zero() {
    let cases = [
        (range(0.0, 2.55), -128),
        (range(-2.55, 0.0), 127),
        (range(-1.28, 1.27), 0),
        // Ranges beside zero are widened to it.
        (range(1.0, 2.55), -128),
        (range(-2.55, -1.0), 127),
    ];
    for (range, zero_point) in cases {
        let quant = activations::quant(range);
        assert_eq!(quant.zero_point, zero_point, "{range:?}");
        assert!((quant.scale - 0.01).abs() < 1e-8, "{range:?}");
        assert_eq!(quant.dequantize(quant.quantize(0.0)), 0.0);
    }
    for range in [
        range(0.0, 0.0),
        range(0.0, 1e-40),
        range(f32::MIN, f32::MAX),
        range(-1e-38, 0.0),
    ] {
        let quant = activations::quant(range);
        assert!(
            quant.scale.is_normal() && quant.scale > 0.0,
            "{range:?}: {quant:?}"
        );
    }
}

#[test]
fn calibration_sees_all_tensors() {
    let network = dense(vec![2.0], vec![1.0], Activation::Relu);
    let samples: [&[f32]; 3] = [&[-3.0], &[0.5], &[4.0]];
    let ranges = calibrate(&network, samples.into_iter(), RangeMethod::MinMax);
    assert_eq!(ranges, [range(-3.0, 4.0), range(0.0, 9.0)]);
}

#[test]
fn percentiles_cut_outliers() {
    let mut network = dense(vec![1.0], vec![0.0], Activation::None);
    // 0.000, 0.001, … 0.999 and one outlier.
    let mut values: Vec<f32> = (0..1000).map(|i| i as f32 / 1000.0).collect();
    values.push(8.0);
    let samples = || values.iter().map(std::slice::from_ref);
    let of = |percentage| calibrate(&network, samples(), RangeMethod::Percentile(percentage))[0];
    assert_eq!(of(100.0), range(0.0, 8.0));
    let cut = of(99.0);
    // The bins are 16/4096 wide; 10 of 1001 values may go at each end.
    assert!(
        (cut.max - 0.991).abs() < 0.005 && (cut.min - 0.01).abs() < 0.005,
        "{cut:?}"
    );
    network.params[0].as_mut().unwrap().weights[0] = 0.0;
    let constant = calibrate(&network, samples(), RangeMethod::Percentile(99.0));
    assert_eq!(constant[1], range(0.0, 0.0));
}

#[test]
fn unusable_ranges_are_refused_by_name() {
    let network = dense(vec![1.0], vec![0.0], Activation::None);
    let refused = |ranges: &[Range]| {
        quantize(&network, ranges, Rounding::Single)
            .unwrap_err()
            .to_string()
    };
    let none = calibrate(&network, std::iter::empty(), RangeMethod::Percentile(99.0));
    expect![[r#"
        calibration gave no usable range:
          tensor `input`: inf to -inf; calibrate with at least one sample, and look for NaN or infinity in the data and the weights
          tensor `output`: inf to -inf; calibrate with at least one sample, and look for NaN or infinity in the data and the weights"#]].assert_eq(&refused(&none));
    let poison: [&[f32]; 2] = [&[1.0], &[f32::NAN]];
    for method in [RangeMethod::MinMax, RangeMethod::Percentile(99.0)] {
        let ranges = calibrate(&network, poison.into_iter(), method);
        assert!(ranges.iter().all(|range| !range.is_usable()), "{method:?}");
    }
    expect![[r#"
        calibration gave no usable range:
          tensor `input`: 0 to inf; calibrate with at least one sample, and look for NaN or infinity in the data and the weights"#]].assert_eq(&refused(&[range(0.0, f32::INFINITY), range(0.0, 1.0)]));
    expect!["1 ranges were given for 2 tensors"].assert_eq(&refused(&[range(0.0, 1.0)]));
}

#[test]
fn pools_and_reshapes_share_and_softmax_is_fixed() {
    let mut builder = GraphBuilder::new("shared");
    let input = builder.input("input", [2, 2, 1]);
    let conv = Op::Conv2d(Conv2d {
        window: Window2d::valid([1, 1], [1, 1]),
        out_channels: 2,
        activation: Activation::Relu6,
    });
    let pool = Op::MaxPool2d(MaxPool2d {
        window: Window2d::valid([2, 2], [2, 2]),
        activation: Activation::None,
    });
    let reshape = Op::Reshape(Reshape {
        shape: Shape::from([2]),
    });
    let x = builder.node("conv", conv, &[input]).unwrap();
    let x = builder.node("pool", pool, &[x]).unwrap();
    let x = builder.node("flat", reshape, &[x]).unwrap();
    let x = builder
        .node("softmax", Op::Softmax(Softmax {}), &[x])
        .unwrap();
    let network = FloatGraph {
        graph: builder.finish(&[x]),
        params: vec![
            Some(FloatParams {
                weights: vec![1.0, 2.0],
                bias: vec![0.0, 0.0],
            }),
            None,
            None,
            None,
        ],
    };
    // The pool's output was seen to reach higher than its input, which Relu6 bounds.
    let ranges = [
        range(-1.0, 1.0),
        range(-1.0, 7.0),
        range(0.0, 5.1),
        range(0.0, 6.3),
        range(0.0, 1.0),
    ];
    let quantized = quantize(&network, &ranges, Rounding::Single).unwrap();
    let [_, conv, pool, flat, softmax] = quantized.quants[..] else {
        panic!("{:?}", quantized.quants);
    };
    assert_eq!((conv, pool), (pool, flat));
    assert_eq!(conv.zero_point, -128);
    assert!((conv.scale - 6.3 / 255.0).abs() < 1e-8);
    assert_eq!(
        softmax,
        Quant {
            scale: 1.0 / 256.0,
            zero_point: -128
        }
    );
}

#[test]
fn weights_use_the_whole_range_per_channel() {
    let network = dense(
        vec![0.5, -1.0, 0.001, 0.0005],
        vec![0.1, -0.2],
        Activation::None,
    );
    let ranges = [range(-1.0, 1.0), range(-2.0, 2.0)];
    let quantized = quantize(&network, &ranges, Rounding::Single).unwrap();
    let params = quantized.params[0].as_ref().unwrap();
    assert_eq!(params.weights, [64, -127, 127, 64]);
    for (channel, bias) in [0.1, -0.2].into_iter().enumerate() {
        let unit = quantized.quants[0].scale * params.scales[channel];
        assert!((params.bias[channel] as f32 * unit - bias).abs() <= unit);
    }
}

/// Weights near zero under a large bias: a scale for the weights alone would overflow the bias.
#[test]
fn dead_channels_keep_their_bias() {
    for weight in [0.0, 1e-38, 1e-30, 1e-12, 1e-5] {
        for bias in [0.0, 1e-9, 1.0, -3.0, 1e6] {
            let network = dense(vec![weight; 4], vec![bias], Activation::None);
            let sample = [0.5_f32, -0.5, 1.0, 0.25];
            let expected = run_float(&network, &sample)[1][0];
            let ranges = calibrate(
                &network,
                [sample.as_slice()].into_iter(),
                RangeMethod::MinMax,
            );
            for rounding in [Rounding::Single, Rounding::TfLite] {
                let quantized = quantize(&network, &ranges, rounding).unwrap();
                let interpreter = Interpreter::new(&quantized).unwrap();
                let output = interpreter.run(&quantize_sample(&quantized, &sample));
                let actual = dequantize_output(&quantized, &output)[0];
                let step = quantized.quants[1].scale;
                assert!(
                    (actual - expected).abs() <= step,
                    "{weight} {bias}: {actual} {expected}"
                );
            }
        }
    }
}

#[test]
fn what_does_not_fit_beside_a_fixed_range_is_refused() {
    let joined = |low: f32| {
        let mut builder = GraphBuilder::new("joined");
        let input = builder.input("input", [4]);
        let softmax = builder.node("share", Op::Softmax(Softmax {}), &[input]);
        let op = Op::Binary(Binary {
            function: BinaryFunction::Minimum,
            activation: Activation::None,
        });
        let least = builder.node("least", op, &[softmax.unwrap(), input]);
        let graph = builder.finish(&[least.unwrap()]);
        let network = FloatGraph {
            params: vec![None; graph.nodes.len()],
            graph,
        };
        let ranges = [range(low, 1.0), range(0.0, 1.0), range(low, 1.0)];
        quantize(&network, &ranges, Rounding::Single)
    };
    assert!(joined(0.0).is_ok());
    expect![[r#"
        int8 has no room for values beside those of a fixed range:
          tensor `input`: -0.5 to 1, but it shares the scale of an operator that gives 0 to 0.99609375; do not join them by minimum, maximum, concatenation or padding, or add zero to one of them first
          tensor `least`: -0.5 to 1, but it shares the scale of an operator that gives 0 to 0.99609375; do not join them by minimum, maximum, concatenation or padding, or add zero to one of them first"#]]
    .assert_eq(&joined(-0.5).unwrap_err().to_string());
}

/// A network without weights.
fn plain(graph: Graph) -> FloatGraph {
    FloatGraph {
        params: vec![None; graph.nodes.len()],
        graph,
    }
}

/// A mean of differences from the mean is zero but for the rounding of f32.
#[test]
fn scales_are_not_finer_than_operators_compute() {
    let mut builder = GraphBuilder::new("centred");
    let input = builder.input("input", [6, 1, 4]);
    let mean = builder.node("mean", Op::Mean(Mean {}), &[input]).unwrap();
    let sub = Op::Binary(Binary {
        function: BinaryFunction::Sub,
        activation: Activation::None,
    });
    let centred = builder.node("centred", sub, &[mean, input]).unwrap();
    let zero = builder.node("zero", Op::Mean(Mean {}), &[centred]).unwrap();
    let network = plain(builder.finish(&[zero]));
    let ranges = [
        range(-1.0, 1.0),
        range(-0.5, 0.5),
        range(-1.2, 1.2),
        range(-1e-8, 1e-7),
    ];
    for rounding in [Rounding::Single, Rounding::TfLite] {
        let quantized = quantize(&network, &ranges, rounding).unwrap();
        assert!(quantized.quants[3].scale > 1e-9);
        let output = Interpreter::new(&quantized).unwrap().run(&[7; 24]);
        assert_eq!(output, [quantized.quants[3].zero_point; 4]);
    }
}

/// Logarithms of probabilities end at −16, also where they are moved.
#[test]
fn moved_logarithms_keep_their_range() {
    let mut builder = GraphBuilder::new("moved");
    let input = builder.input("input", [4]);
    let logs = builder
        .node("logs", Op::LogSoftmax(LogSoftmax {}), &[input])
        .unwrap();
    let pick = Op::Move(Move::Gather(Gather {
        axis: 0,
        indices: vec![3, 0],
    }));
    let moved = builder.node("moved", pick, &[logs]).unwrap();
    let network = plain(builder.finish(&[moved]));
    let ranges = [range(-12.0, 12.0), range(-24.0, 0.0), range(-24.0, 0.0)];
    let quantized = quantize(&network, &ranges, Rounding::Single).unwrap();
    assert_eq!(quantized.quants[2], LogSoftmax::QUANT);
}
