//! The memory plan of random networks: proven by the checker, by running in the planned arena, and
//! against the exact planner.
#![allow(clippy::unwrap_used, reason = "tests")]

use ember_codegen::interpret::Interpreter;
use ember_codegen::plan::{self, Isa, Makes, Plan, Planned};
use ember_ir::{Graph, Rounding};
use ember_tests::arena::run_in_arena;
use ember_tests::random_graphs::{self, Random};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;

const ISAS: [Isa; 5] = [Isa::Thumb1, Isa::Thumb2, Isa::Dsp, Isa::Mve, Isa::Any];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn live_regions_never_overlap(seed in any::<u64>(), nodes in 1_usize..30, isa in select(&ISAS)) {
        let graph = random_graphs::graph(seed, nodes);
        let plan = plan::plan(&graph, isa);
        prop_assert_eq!(plan::check(&graph, &plan, isa), []);
        prop_assert_eq!(plan::plan(&graph, isa), plan.clone(), "the planner is deterministic");
        prop_assert!(!plan::map(&graph, &plan).is_empty());
        let all: usize = graph.tensors.iter().map(|t| t.shape.elements().next_multiple_of(4)).sum();
        let scratch: usize = plan.scratch.iter().map(|region| region.bytes.next_multiple_of(4)).sum();
        prop_assert!(plan.arena_bytes <= all + scratch);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// The definition of a right plan: layers that share one poisoned arena compute what layers with
    /// memory of their own do.
    #[test]
    fn the_arena_computes_what_the_interpreter_does(seed in any::<u64>(), isa in select(&ISAS)) {
        let network = random_graphs::quantized(seed, 12, Rounding::Single);
        let input = int8_sample(&network.graph, seed);
        let expected = Interpreter::new(&network).unwrap().run_all(&input);
        let planned = Planned::new(network, isa).unwrap();
        let outputs = run_in_arena(&planned, planned.plan(), &input).unwrap();
        for (id, output) in planned.graph().outputs.iter().zip(outputs) {
            prop_assert_eq!(&expected[id.0], &output);
        }
    }

    /// The same of int16, whose elements have two bytes, and of the checker under plans that are not right.
    #[test]
    fn int16_computes_in_the_arena_what_the_interpreter_does(seed in any::<u64>(), isa in select(&ISAS)) {
        let network = random_graphs::int16(seed, 9);
        let interpreter = Interpreter::new(&network).unwrap();
        let mut random = Random::new(seed);
        let input: Vec<i8> = (0..interpreter.input_len()).map(|_| (random.real() * 128.0) as i8).collect();
        let expected = interpreter.run_all(&input);
        let planned = Planned::new(network, isa).unwrap();
        let graph = planned.graph();
        let mut plan = planned.plan().clone();
        for _ in 0..20 {
            if plan::check(graph, &plan, isa).is_empty() {
                let outputs = run_in_arena(&planned, &plan, &input);
                prop_assert!(outputs.is_some(), "{:?}", plan);
                for (id, output) in graph.outputs.iter().zip(outputs.unwrap()) {
                    prop_assert_eq!(&expected[id.0], &output, "{:?}", &plan);
                }
            }
            plan = planned.plan().clone();
            let tensor = random.below(plan.regions.len());
            let room = plan.arena_bytes + 4 - plan.regions[tensor].bytes.min(plan.arena_bytes);
            plan.regions[tensor].offset = random.below(room / 4 + 1) * 4;
        }
    }

    /// The same of layers that run row by row, and what is said of them: no chain is larger than its parts.
    #[test]
    fn chains_compute_what_the_interpreter_does(
        seed in any::<u64>(), isa in select(&ISAS), fed in any::<bool>(),
    ) {
        let network = random_graphs::quantized(seed, 12, Rounding::Single);
        let input = int8_sample(&network.graph, seed);
        let expected = Interpreter::new(&network).unwrap().run_all(&input);
        for plan in plan::plan_chains(&network.graph, isa, fed, usize::MAX) {
            prop_assert!(!plan::map(&network.graph, &plan).is_empty());
            let planned = Planned::with_plan(network.clone(), plan, isa).unwrap();
            let outputs = run_in_arena(&planned, planned.plan(), &input).unwrap();
            for (id, output) in planned.graph().outputs.iter().zip(outputs) {
                prop_assert_eq!(&expected[id.0], &output);
            }
        }
    }

    /// A chain that the checker accepts is right, also one that no planner would make.
    #[test]
    fn the_checker_accepts_no_wrong_chain(seed in any::<u64>(), fed in any::<bool>()) {
        let network = random_graphs::quantized(seed, 10, Rounding::Single);
        let input = int8_sample(&network.graph, seed);
        let expected = Interpreter::new(&network).unwrap().run_all(&input);
        let mut random = Random::new(seed);
        for right in plan::plan_chains(&network.graph, Isa::Any, fed, usize::MAX).iter().take(4) {
            let planned = Planned::with_plan(network.clone(), right.clone(), Isa::Any).unwrap();
            for _ in 0..10 {
                let mut plan = right.clone();
                disturb(&mut random, &mut plan);
                if !plan::check(planned.graph(), &plan, Isa::Any).is_empty() {
                    continue;
                }
                let outputs = run_in_arena(&planned, &plan, &input).unwrap();
                for (id, output) in planned.graph().outputs.iter().zip(outputs) {
                    prop_assert_eq!(&expected[id.0], &output, "{:?}", plan);
                }
            }
        }
    }

    /// A plan that the checker accepts is right, also one that no planner would make.
    #[test]
    fn the_checker_accepts_no_wrong_plan(seed in any::<u64>(), isa in select(&ISAS)) {
        let network = random_graphs::quantized(seed, 8, Rounding::Single);
        let input = int8_sample(&network.graph, seed);
        let expected = Interpreter::new(&network).unwrap().run_all(&input);
        let planned = Planned::new(network, isa).unwrap();
        let graph = planned.graph();
        let mut random = Random::new(seed);
        for _ in 0..20 {
            let mut plan = planned.plan().clone();
            if random.below(3) == 0 && plan.order.len() > 1 {
                let (one, other) = (random.below(plan.order.len()), random.below(plan.order.len()));
                plan.order.swap(one, other);
            } else if random.below(4) == 0 {
                let node = random.below(plan.scratch.len());
                plan.scratch[node].offset = random.below(plan.arena_bytes / 4 + 1) * 4;
            } else if random.below(4) == 0 {
                let node = &graph.nodes[random.below(graph.nodes.len())];
                let over = node.inputs.first().unwrap_or(&graph.inputs[0]);
                let offset = plan.regions[over.0].offset;
                plan.regions[node.output.0].offset = offset;
                plan.arena_bytes = plan.arena_bytes.max((offset + plan.regions[node.output.0].bytes).next_multiple_of(4));
            } else if random.below(2) == 0 {
                // A little aside, where outputs lie over their inputs.
                let offset = &mut plan.regions[random.below(graph.tensors.len())].offset;
                *offset = (*offset + 4 * random.below(9)).saturating_sub(16);
            } else {
                let tensor = random.below(plan.regions.len());
                let room = plan.arena_bytes + 4 - plan.regions[tensor].bytes.min(plan.arena_bytes);
                plan.regions[tensor].offset = random.below(room / 4 + 1) * 4;
            }
            if plan::check(graph, &plan, isa).is_empty() {
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
        let isa = ISAS[seed as usize % ISAS.len()];
        let graph = random_graphs::graph(seed, 9);
        let Some(exact) = plan::plan_exact(&graph, isa) else {
            continue;
        };
        assert_eq!(plan::check(&graph, &exact, isa), [], "seed {seed}");
        let plan = plan::plan(&graph, isa);
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

/// Changes something about a chain.
fn disturb(random: &mut Random, plan: &mut Plan) {
    let arena = plan.arena_bytes;
    let somewhere = |random: &mut Random| 4 * random.below(arena / 4 + 1);
    let chain = plan.chain.as_mut().unwrap();
    let stages = chain.stages.len();
    let index = random.below(stages);
    let stage = &mut chain.stages[index];
    match random.below(7) {
        0 => plan.scratch[stage.node].offset = somewhere(random),
        1 => {
            let input = random.below(stage.reads.len());
            stage.reads[input].offset = somewhere(random);
        }
        2 => chain.input.region.offset = somewhere(random),
        3 => plan.regions[chain.input.tensor.0].offset = somewhere(random),
        4 => chain.ticks -= random.below(2),
        5 if index + 1 < stages => {
            let from = plan
                .order
                .iter()
                .position(|&node| node == stage.node)
                .unwrap();
            plan.order.swap(from, from + 1);
            chain.stages.swap(index, index + 1);
        }
        _ => match &mut stage.makes {
            Makes::Rows(lines) => match random.below(3) {
                0 => lines.timing.first += 1,
                1 if lines.timing.first > 0 => lines.timing.first -= 1,
                _ => {
                    let place = plan
                        .regions
                        .iter_mut()
                        .find(|place| **place == lines.region);
                    lines.region.offset = somewhere(random);
                    if let Some(place) = place {
                        place.offset = lines.region.offset;
                    }
                }
            },
            Makes::Sums { region, timing } => match random.below(2) {
                0 => timing.first += 1,
                _ => region.offset = somewhere(random),
            },
        },
    }
}
