//! Passes keep what a network computes; quantisation keeps it nearly.
#![allow(clippy::unwrap_used, reason = "tests")]

use ember_codegen::interpret::{Interpreter, run_float};
use ember_codegen::passes::{self, PASSES};
use ember_codegen::plan::Isa;
use ember_codegen::quantize::{
    RangeMethod, calibrate, dequantize_output, quantize, quantize_sample,
};
use ember_codegen::{compile, plan};
use ember_ir::{FloatGraph, Rounding, verify_float, verify_quant};
use ember_tests::random_graphs;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

/// All outputs, one after the other.
fn outputs(network: &FloatGraph, sample: &[f32]) -> Vec<f32> {
    let tensors = run_float(network, sample);
    let ids = network.graph.outputs.iter();
    ids.flat_map(|id| tensors[id.0].clone()).collect()
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

/// Mean errors of the outputs in steps of their scale, over networks of up to five layers.
#[test]
fn int8_stays_near_float() {
    let mut errors: Vec<f32> = (0..1000).map(mean_error_in_steps).collect();
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

fn mean_error_in_steps(seed: u64) -> f32 {
    let network = random_graphs::float(seed, 5);
    let samples = random_graphs::samples(&network.graph, seed, 24);
    let views = || samples.iter().map(Vec::as_slice);
    let ranges = calibrate(&network, views(), RangeMethod::MinMax);
    let integer = quantize(&network, &ranges, Rounding::Single).unwrap();
    assert_eq!(verify_quant(&integer), [], "seed {seed}");
    let interpreter = Interpreter::new(&integer).unwrap();
    let output = network.graph.outputs[0];
    let (mut error, mut count) = (0.0, 0);
    for sample in views() {
        let expected = &run_float(&network, sample)[output.0];
        let actual = interpreter.run(&quantize_sample(&integer, sample));
        let actual = dequantize_output(&integer, &actual);
        for (expected, actual) in expected.iter().zip(actual) {
            error += (expected - actual).abs();
            count += 1;
        }
    }
    // Where the range is fixed, a step may be coarser than those of all that is made of it.
    let nodes = network.graph.nodes.iter();
    let fixed = nodes.filter_map(|node| Some(node.op.fixed_output()?.scale));
    let step = fixed.fold(integer.quants[output.0].scale, f32::max);
    error / count as f32 / step
}
