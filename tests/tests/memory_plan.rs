//! The memory plan of random networks: proven by the checker, by running in the planned arena, and
//! against the exact planner.
#![allow(clippy::unwrap_used, reason = "tests")]

use ember_codegen::interpret::Interpreter;
use ember_codegen::lower::Layer;
use ember_codegen::plan::{self, Plan, Planned, Region};
use ember_ir::{Graph, Rounding};
use ember_runtime::params::AddParams;
use ember_runtime::reference;
use ember_tests::random_graphs::{self, Random};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn live_regions_never_overlap(seed in any::<u64>(), nodes in 1_usize..30) {
        let graph = random_graphs::graph(seed, nodes);
        let plan = plan::plan(&graph);
        prop_assert_eq!(plan::check(&graph, &plan), []);
        prop_assert_eq!(plan::plan(&graph), plan.clone(), "the planner is deterministic");
        prop_assert!(!plan::map(&graph, &plan).is_empty());
        let all: usize = graph.tensors.iter().map(|t| t.shape.elements().next_multiple_of(4)).sum();
        prop_assert!(plan.arena_bytes <= all);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// The definition of a right plan: layers that share one poisoned arena compute what layers with
    /// memory of their own do.
    #[test]
    fn the_arena_computes_what_the_interpreter_does(seed in any::<u64>()) {
        let network = random_graphs::quantized(seed, 12, Rounding::Single);
        let input = int8_sample(&network.graph, seed);
        let expected = Interpreter::new(&network).unwrap().run_all(&input);
        let planned = Planned::new(network).unwrap();
        let outputs = run_in_arena(&planned, planned.plan(), &input).unwrap();
        for (id, output) in planned.graph().outputs.iter().zip(outputs) {
            prop_assert_eq!(&expected[id.0], &output);
        }
    }

    /// A plan that the checker accepts is right, also one that no planner would make.
    #[test]
    fn the_checker_accepts_no_wrong_plan(seed in any::<u64>()) {
        let network = random_graphs::quantized(seed, 8, Rounding::Single);
        let input = int8_sample(&network.graph, seed);
        let expected = Interpreter::new(&network).unwrap().run_all(&input);
        let planned = Planned::new(network).unwrap();
        let graph = planned.graph();
        let mut random = Random::new(seed);
        for _ in 0..20 {
            let mut plan = planned.plan().clone();
            if random.below(3) == 0 && plan.order.len() > 1 {
                let (one, other) = (random.below(plan.order.len()), random.below(plan.order.len()));
                plan.order.swap(one, other);
            } else {
                let tensor = random.below(plan.regions.len());
                let room = plan.arena_bytes + 4 - plan.regions[tensor].bytes.min(plan.arena_bytes);
                plan.regions[tensor].offset = random.below(room / 4 + 1) * 4;
            }
            if plan::check(graph, &plan).is_empty() {
                let outputs = run_in_arena(&planned, &plan, &input);
                prop_assert!(outputs.is_some(), "{:?}", plan);
                for (id, output) in graph.outputs.iter().zip(outputs.unwrap()) {
                    prop_assert_eq!(&expected[id.0], &output, "{:?}", &plan);
                }
            }
        }
    }
}

/// Best-fit reaches the exact optimum nearly always, and is never below it.
#[test]
fn plans_are_close_to_the_optimum() {
    let (mut proven, mut equal, mut worst) = (0, 0, 1.0_f64);
    for seed in 0..400 {
        let graph = random_graphs::graph(seed, 9);
        let Some(exact) = plan::plan_exact(&graph) else {
            continue;
        };
        assert_eq!(plan::check(&graph, &exact), [], "seed {seed}");
        let plan = plan::plan(&graph);
        assert!(
            plan.arena_bytes >= exact.arena_bytes,
            "seed {seed}: {plan:?} beats {exact:?}"
        );
        proven += 1;
        equal += usize::from(plan.arena_bytes == exact.arena_bytes);
        worst = worst.max(plan.arena_bytes as f64 / exact.arena_bytes as f64);
    }
    println!("{proven} proven, {equal} equal, worst {worst}");
    assert!(
        proven >= 390,
        "{proven} of 400 are small enough for a proof"
    );
    assert!(
        equal * 100 >= proven * 99,
        "{equal} of {proven} reach the optimum"
    );
    assert!(worst <= 1.25, "{worst}");
}

fn int8_sample(graph: &Graph, seed: u64) -> Vec<i8> {
    let sample = random_graphs::samples(graph, seed, 1).remove(0);
    sample.iter().map(|x| (x * 128.0) as i8).collect()
}

/// Runs the layers in the plan's order and arena; `None` if the order reads what is not there.
fn run_in_arena(planned: &Planned, plan: &Plan, input: &[i8]) -> Option<Vec<Vec<i8>>> {
    let graph = planned.graph();
    let mut arena = vec![-86_i8; plan.arena_bytes];
    let slice = |region: Region| region.offset..region.offset + region.bytes;
    let mut rest = input;
    for id in &graph.inputs {
        let region = plan.regions[id.0];
        let (sample, after) = rest.split_at(region.bytes);
        arena.get_mut(slice(region))?.copy_from_slice(sample);
        rest = after;
    }
    for &index in &plan.order {
        let node = &graph.nodes[index];
        let region = plan.regions[node.output.0];
        if let Layer::Add(params) = &planned.layers()[index] {
            // One element at a time: right also where the output lies exactly on an input.
            let [left, right] = [0, 1].map(|i| plan.regions[node.inputs[i].0].offset);
            for i in 0..params.len {
                let (left, right) = (*arena.get(left + i)?, *arena.get(right + i)?);
                let output = arena.get_mut(region.offset + i..=region.offset + i)?;
                reference::add_s8(&AddParams { len: 1, ..*params }, &[left], &[right], output);
            }
            continue;
        }
        if let Layer::Reshape = &planned.layers()[index] {
            continue;
        }
        // Other kernels may write any output before they read an input.
        arena.get_mut(slice(region))?.fill(-86);
        let input = arena.get(slice(plan.regions[node.inputs[0].0]))?;
        let mut output = vec![0; region.bytes];
        match &planned.layers()[index] {
            Layer::Conv2d(layer) => reference::conv2d_s8(&layer.params(), input, &mut output),
            Layer::DepthwiseConv2d(layer) => {
                reference::depthwise_conv2d_s8(&layer.params(), input, &mut output);
            }
            Layer::Dense(layer) => reference::dense_s8(&layer.params(), input, &mut output),
            Layer::AveragePool2d(params) => {
                reference::average_pool2d_s8(params, input, &mut output);
            }
            Layer::MaxPool2d(params) => reference::max_pool2d_s8(params, input, &mut output),
            Layer::Mean(params) => reference::mean_s8(params, input, &mut output),
            Layer::Add(_) | Layer::Reshape => return None,
            Layer::Softmax(layer) => reference::softmax_s8(&layer.params(), input, &mut output),
        }
        arena.get_mut(slice(region))?.copy_from_slice(&output);
    }
    graph
        .outputs
        .iter()
        .map(|id| arena.get(slice(plan.regions[id.0])).map(<[i8]>::to_vec))
        .collect()
}
