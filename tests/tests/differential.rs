//! Random networks, four ways: the interpreter, the emitted code on this machine, and the emitted code
//! on every core in QEMU give equal bytes.

use ember_codegen::passes;
use ember_codegen::plan::{Isa, plan_chains};
use ember_codegen::target::{Board, Core, Prefer};
use ember_ir::Rounding;
use ember_tests::calibrate::bench_board;
use ember_tests::firmware::{board, cargo, device_cargo, run, work_dir};
use ember_tests::random_graphs;
use ember_tests::suite::{Case, write};

/// Networks that run layer by layer.
const WHOLE: usize = 24;
/// Networks with layers that run row by row.
const CHAINS: usize = 16;
/// Networks of operators that the search does not use, in which each of these is there.
const PRODUCTS: usize = 10;
/// Networks of int16.
const INT16: usize = 20;
/// Recurrent networks: every kind, streams and whole sequences, both roundings.
const RECURRENT: usize = 24;
const TOKENS: usize = 10;
/// Networks of all functions of one number, a rounding each.
const FUNCTIONS: usize = 2;
const NETWORKS: usize = WHOLE + CHAINS + PRODUCTS + INT16 + RECURRENT + TOKENS + FUNCTIONS;
const SAMPLES: usize = 4;

fn cases() -> Vec<Case> {
    let networks = (0..).map(|seed| {
        let rounding = if seed % 2 == 0 {
            Rounding::Single
        } else {
            Rounding::TfLite
        };
        match seed % 5 {
            // What passes leave, tables of several functions among it.
            4 => {
                let chain = random_graphs::chain(seed, 6);
                let network = random_graphs::in_int8(
                    random_graphs::with_weights(chain, seed),
                    seed,
                    rounding,
                );
                passes::run_int8(network).unwrap_or_else(|all| panic!("{all:?}"))
            }
            _ => random_graphs::quantized(seed, 7, rounding),
        }
    });
    let mut networks = networks.filter(|network| network.graph.inputs.len() == 1);
    let whole = networks.by_ref().take(WHOLE).enumerate();
    let mut cases: Vec<Case> = whole
        .map(|(index, network)| Case::new(network, index, SAMPLES))
        .collect();
    // Every other chain takes its input row by row, where one can; long chains first.
    while cases.len() < WHOLE + CHAINS {
        let Some(network) = networks.next() else {
            break;
        };
        let chains = plan_chains(
            &network.graph,
            Isa::Any,
            cases.len().is_multiple_of(2),
            usize::MAX,
        );
        let longest = chains
            .into_iter()
            .max_by_key(|plan| plan.chain.as_ref().map(|chain| chain.stages.len()));
        if let Some(plan) = longest {
            cases.push(Case::with_plan(network, plan, cases.len(), SAMPLES));
        }
    }
    for seed in 0..PRODUCTS as u64 {
        let rounding = if seed % 2 == 0 {
            Rounding::TfLite
        } else {
            Rounding::Single
        };
        let network = random_graphs::with_weights(random_graphs::products(seed), seed);
        let network = random_graphs::in_int8(network, seed, rounding);
        cases.push(Case::new(network, cases.len(), SAMPLES));
    }
    for seed in 0..INT16 as u64 {
        let network = random_graphs::int16(seed, 6);
        cases.push(Case::new(network, cases.len(), SAMPLES));
    }
    for seed in 0..RECURRENT as u64 {
        let rounding = if seed < 10 {
            Rounding::TfLite
        } else {
            Rounding::Single
        };
        let network = random_graphs::with_weights(random_graphs::recurrent(seed), seed);
        let network = random_graphs::in_int8(network, seed, rounding);
        cases.push(Case::new(network, cases.len(), SAMPLES));
    }
    for seed in 0..TOKENS as u64 {
        let network = random_graphs::with_weights(random_graphs::tokens(seed), seed);
        let network = random_graphs::in_int8(network, seed, Rounding::Single);
        cases.push(Case::new(network, cases.len(), SAMPLES));
    }
    for rounding in [Rounding::TfLite, Rounding::Single] {
        let network = random_graphs::with_weights(random_graphs::functions(), 0);
        let network = random_graphs::in_int8(network, 0, rounding);
        cases.push(Case::new(network, cases.len(), SAMPLES));
    }
    cases
}

#[test]
fn the_emitted_code_on_this_machine_equals_the_interpreter() {
    let dir = work_dir("suite-host");
    write(&cases(), &board("mps2-an385"), &dir);
    let args = ["test", "--", "--nocapture"];
    let text = cargo(&dir, &work_dir("target"), &args).unwrap_or_else(|text| panic!("{text}"));
    assert!(
        text.contains(&format!("checked {}", NETWORKS * SAMPLES)),
        "{text}"
    );
}

#[test]
fn the_emitted_code_on_every_core_equals_the_interpreter() {
    let cases = cases();
    let target = work_dir("target");
    let mut failures = Vec::new();
    for core in Core::ALL {
        // The M0+ executes the M0's instructions.
        if core == Core::CortexM0Plus {
            continue;
        }
        for prefer in Prefer::ALL {
            let board = Board {
                prefer,
                ..bench_board(core)
            };
            let dir = work_dir("suite-device").join(core.name());
            write(&cases, &board, &dir);
            let args = [
                "build",
                "--release",
                "--features",
                "device",
                "--bin",
                "device",
            ];
            let elf = target.join(&board.triple).join("release/device");
            let what = format!("{}, {}", core.name(), prefer.name());
            let text = device_cargo(&dir, &target, &board.triple, &args)
                .and_then(|_| run(&board, &elf, &dir))
                .unwrap_or_else(|text| panic!("{what}: {text}"));
            if text.trim() != format!("checked {}", NETWORKS * SAMPLES) {
                failures.push(format!("{what}:\n{text}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
