//! Passes keep what a network computes; quantisation keeps it nearly.
#![allow(clippy::unwrap_used, reason = "tests")]

use ember_codegen::interpret::{Interpreter, run_float};
use ember_codegen::passes::{self, INT8_PASSES, PASSES};
use ember_codegen::plan::Isa;
use ember_codegen::quantize::{
    RangeMethod, calibrate, dequantize, dequantize_output, quantize, quantize_sample,
};
use ember_codegen::{compile, plan};
use ember_ir::{
    FloatGraph, INT4_STEP, Node, QuantGraph, Rounding, WeightType, verify_float, verify_quant,
};
use ember_tests::random_graphs;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

/// All outputs, one after the other.
fn outputs(network: &FloatGraph, sample: &[f32]) -> Vec<f32> {
    let tensors = run_float(network, sample);
    let ids = network.graph.outputs.iter();
    ids.flat_map(|id| tensors[id.0].clone()).collect()
}

/// As [`outputs`], in int8.
fn int8_outputs(network: &QuantGraph, samples: &[Vec<i8>]) -> Vec<i8> {
    let interpreter = Interpreter::new(network).unwrap();
    let all = samples.iter().flat_map(|sample| {
        let tensors = interpreter.run_all(sample);
        let ids = network.graph.outputs.iter();
        ids.flat_map(|id| tensors[id.0].clone()).collect::<Vec<_>>()
    });
    all.collect()
}

/// Every pass leaves all outputs as they are, bit for bit, and has done its work when it has run once. Prints
/// how many networks each of them has found something in.
#[test]
fn int8_passes_keep_every_bit() {
    const NETWORKS: u64 = 3000;
    let remove_dead = INT8_PASSES[INT8_PASSES.len() - 1].run;
    let mut changed = [0; INT8_PASSES.len() - 1];
    let mut nodes = [0; 2];
    for seed in 0..NETWORKS {
        let rounding = [Rounding::Single, Rounding::TfLite][seed as usize % 2];
        let graph = match seed % 4 {
            3 => random_graphs::chain(seed, 10),
            _ => random_graphs::graph(seed, 16),
        };
        let network =
            random_graphs::in_int8(random_graphs::with_weights(graph, seed), seed, rounding);
        let samples = random_graphs::samples(&network.graph, seed, 3);
        let samples = samples
            .iter()
            .map(|sample| quantize_sample(&network, sample));
        let samples: Vec<Vec<i8>> = samples.collect();
        let expected = int8_outputs(&network, &samples);
        for (index, pass) in INT8_PASSES.iter().enumerate() {
            let once = (pass.run)(network.clone());
            // Some passes also remove what they leave unread.
            let (before, after) = (remove_dead(network.clone()), remove_dead(once.clone()));
            if let Some(changed) = changed.get_mut(index) {
                *changed += usize::from(before != after);
            }
            assert_eq!(verify_quant(&once), [], "seed {seed}, {}", pass.name);
            let outputs = int8_outputs(&once, &samples);
            assert!(outputs == expected, "seed {seed}, {}", pass.name);
            assert!(
                (pass.run)(once.clone()) == once,
                "seed {seed}, {} twice",
                pass.name
            );
        }
        nodes[0] += network.graph.nodes.len();
        let all = passes::run_int8(network).unwrap();
        nodes[1] += all.graph.nodes.len();
        assert!(int8_outputs(&all, &samples) == expected, "seed {seed}");
        assert!(passes::run_int8(all.clone()).unwrap() == all, "seed {seed}");
    }
    for (pass, changed) in INT8_PASSES.iter().zip(changed) {
        println!("{} changed {changed} of {NETWORKS} networks", pass.name);
        assert!(changed >= 50, "{} has hardly been tried", pass.name);
    }
    println!("{} nodes became {}", nodes[0], nodes[1]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn passes_keep_results_and_are_idempotent(seed in any::<u64>()) {
        let network = random_graphs::float(seed, 12);
        prop_assert_eq!(verify_float(&network), []);
        let sample = random_graphs::samples(&network.graph, seed, 1).remove(0);
        let expected = outputs(&network, &sample);
        for pass in &PASSES {
            let once = (pass.run)(network.clone());
            prop_assert_eq!(verify_float(&once), [], "{}", pass.name);
            prop_assert_eq!(&outputs(&once, &sample), &expected, "{}", pass.name);
            prop_assert_eq!(&(pass.run)(once.clone()), &once, "{}", pass.name);
        }
        let all = passes::run(network).unwrap();
        prop_assert_eq!(&outputs(&all, &sample), &expected);
        prop_assert_eq!(&passes::run(all.clone()).unwrap(), &all);
    }

    #[test]
    fn percentiles_lie_within_the_extremes(seed in any::<u64>()) {
        let network = random_graphs::float(seed, 6);
        let samples = random_graphs::samples(&network.graph, seed, 8);
        let forwards = || samples.iter().map(Vec::as_slice);
        let extremes = calibrate(&network, forwards(), RangeMethod::MinMax);
        let ranges = calibrate(&network, forwards(), RangeMethod::Percentile(99.0));
        let backwards = samples.iter().rev().map(Vec::as_slice);
        prop_assert_eq!(&calibrate(&network, backwards, RangeMethod::Percentile(99.0)), &ranges);
        for (range, extreme) in ranges.iter().zip(&extremes) {
            prop_assert!(extreme.min <= range.min && range.min <= range.max && range.max <= extreme.max);
        }
    }

    #[test]
    fn the_pipeline_plans_every_network(seed in any::<u64>()) {
        let network = random_graphs::float(seed, 12);
        let samples = random_graphs::samples(&network.graph, seed, 4);
        let views = samples.iter().map(Vec::as_slice);
        let planned = compile(network, views, RangeMethod::Percentile(99.9), Rounding::Single, Isa::Any).unwrap();
        prop_assert_eq!(plan::check(planned.graph(), planned.plan(), Isa::Any), []);
        prop_assert_eq!(planned.layers().len(), planned.graph().nodes.len());
    }
}

/// Weights in real numbers are those that were quantised, to half a step, which of int4 is sixteen of int8's;
/// constants and the gates of LSTMs have scales of their own.
#[test]
fn dequantised_weights_are_those_before() {
    for seed in 0..500 {
        let before = random_graphs::float(seed, 8);
        let int8 = random_graphs::quantized(seed, 8, Rounding::Single);
        let after = dequantize(&int8);
        assert_eq!(verify_float(&after), [], "seed {seed}");
        for (index, node) in int8.graph.nodes.iter().enumerate() {
            let (Some(before), Some(after)) = (&before.params[index], &after.params[index]) else {
                continue;
            };
            let scales = int8.params[index].iter().flat_map(|params| &params.scales);
            let constant = int8.quants[node.output.0].scale;
            let step = scales.copied().reduce(f32::max).unwrap_or(constant);
            let step = match node.weights {
                WeightType::Int8 => step,
                WeightType::Int4 => step * f32::from(INT4_STEP),
            };
            for (before, after) in before.weights.iter().zip(&after.weights) {
                let error = (before - after).abs();
                assert!(
                    error <= 0.51 * step,
                    "seed {seed}, node {index}: {before} {after}"
                );
            }
        }
    }
}

/// Mean errors of the outputs in steps of their scale, over networks of up to five layers with int8 weights.
#[test]
fn int8_stays_near_float() {
    // The scale of what an SVDF keeps is its own, not calibrated: here it saturates on purpose.
    let keeps = |&seed: &u64| {
        let nodes = random_graphs::graph(seed, 5).nodes;
        nodes.iter().any(|node| node.op.state() > 0)
    };
    let seeds = (0..).filter(|seed| !keeps(seed)).take(1000);
    let mut errors: Vec<f32> = seeds.map(mean_error_in_steps).collect();
    errors.sort_by(f32::total_cmp);
    println!(
        "median {}, 99 % {}, worst {}",
        errors[500], errors[990], errors[999]
    );
    assert!(errors[500] < 0.4, "median {}", errors[500]);
    assert!(errors[990] < 1.25, "99 % {}", errors[990]);
    // A mean's step may be much finer than that of what it is the mean of.
    assert!(errors[999] < 5.0, "worst {}", errors[999]);
}

/// The same of two recurrent layers, of which the second adds to the errors of the first.
#[test]
fn recurrent_layers_stay_near_float() {
    let stateless = |&seed: &u64| {
        let nodes = random_graphs::recurrent(seed).nodes;
        nodes.iter().all(|node| node.op.state() == 0)
    };
    let networks = (0..).filter(stateless).take(200).map(|seed| {
        let network = random_graphs::with_weights(random_graphs::recurrent(seed), seed);
        // Rectified units that are hardly ever above zero have finer steps than what they read.
        error_in_steps(&network, seed, |_| true)
    });
    let mut errors: Vec<f32> = networks.collect();
    errors.sort_by(f32::total_cmp);
    println!("recurrent: median {}, worst {}", errors[100], errors[199]);
    assert!(errors[100] < 0.5, "median {}", errors[100]);
    assert!(errors[199] < 2.0, "worst {}", errors[199]);
}

fn mean_error_in_steps(seed: u64) -> f32 {
    let mut network = random_graphs::float(seed, 5);
    for node in &mut network.graph.nodes {
        node.weights = WeightType::Int8;
    }
    // Where the range is fixed, a step may be coarser than those of all that is made of it.
    let is_coarse = |node: &Node| node.op.fixed_output().is_some();
    error_in_steps(&network, seed, is_coarse)
}

/// Mean error of the outputs in steps of their scale, or of the scale of such a layer, where that is coarser.
fn error_in_steps(network: &FloatGraph, seed: u64, is_coarse: fn(&Node) -> bool) -> f32 {
    let samples = random_graphs::samples(&network.graph, seed, 24);
    let views = || samples.iter().map(Vec::as_slice);
    let ranges = calibrate(network, views(), RangeMethod::MinMax);
    let integer = quantize(network, &ranges, Rounding::Single).unwrap();
    assert_eq!(verify_quant(&integer), [], "seed {seed}");
    let interpreter = Interpreter::new(&integer).unwrap();
    let output = network.graph.outputs[0];
    let (mut error, mut count) = (0.0, 0);
    for sample in views() {
        let expected = &run_float(network, sample)[output.0];
        let actual = interpreter.run(&quantize_sample(&integer, sample));
        let actual = dequantize_output(&integer, &actual);
        for (expected, actual) in expected.iter().zip(actual) {
            error += (expected - actual).abs();
            count += 1;
        }
    }
    let coarse = network.graph.nodes.iter().filter(|node| is_coarse(node));
    let step = coarse
        .map(|node| integer.quants[node.output.0].scale)
        .fold(integer.quants[output.0].scale, f32::max);
    error / count as f32 / step
}
