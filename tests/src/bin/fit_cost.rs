//! Fits `compiler/codegen/src/cost/table.toml` to the kernels of `ember-runtime`. For cores after `--`
//! only (all without): `cargo run --release -p ember-tests --bin fit_cost`.
#![allow(missing_docs, reason = "a program")]

use std::process::ExitCode;

use ember_codegen::cost::{Kernel, features};
use ember_codegen::plan::Planned;
use ember_codegen::target::Core;
use ember_ir::Rounding;
use ember_tests::calibrate::{bench, bench_board, fit, layers};
use ember_tests::{firmware, models};

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let dump = arguments
        .iter()
        .position(|a| a == "--dump")
        .map(|i| arguments.remove(i))
        .is_some();
    let level = std::env::var("FIT_OPT_LEVEL").unwrap_or_else(|_| "2".to_owned());
    let networks: Vec<Planned> = layers::single_layers(7)
        .into_iter()
        .map(|graph| models::planned(graph, Rounding::Single, 3))
        .collect();
    for core in Core::ALL {
        if !arguments.is_empty() && !arguments.iter().any(|name| name == core.name()) {
            continue;
        }
        let board = bench_board(core);
        let dir = firmware::work_dir("fit").join(core.name());
        let measured = match bench::measure(
            &networks,
            &board,
            &level,
            &dir,
            &firmware::work_dir("fit/target"),
        ) {
            Ok(measured) => measured,
            Err(error) => {
                eprintln!("{}: {error}", core.name());
                return ExitCode::FAILURE;
            }
        };
        let total: u64 = measured.iter().map(|m| m.code_bytes).sum();
        let work: u64 = measured.iter().map(|m| m.instructions).sum();
        eprintln!(
            "{} opt-level {level}: {total} bytes of code, {work} instructions",
            core.name()
        );
        for kernel in Kernel::ALL {
            let mut rows = [vec![], vec![]];
            let mut targets = [vec![], vec![]];
            for (network, measured) in networks.iter().zip(&measured) {
                let graph = network.graph();
                let Some(node) = graph.nodes.last() else {
                    continue;
                };
                let Some(features) = features(graph, node, core) else {
                    continue;
                };
                if features.kernel != kernel {
                    continue;
                }
                if dump {
                    eprintln!(
                        "  {} {:?} -> {} {:?} code {} {:?} work {} {:?}",
                        kernel.name(),
                        graph.input_shape(node).dims(),
                        graph.output_shape(node),
                        node.op,
                        measured.code_bytes,
                        features.code,
                        measured.instructions,
                        features.instructions
                    );
                }
                // LLVM merges functions with equal code; the second one has no symbol.
                if measured.code_bytes > 0 {
                    rows[0].push(features.code);
                    targets[0].push(measured.code_bytes as f64);
                }
                rows[1].push(features.instructions);
                targets[1].push(measured.instructions as f64);
            }
            let code = fit::least_squares(&rows[0], &targets[0], 0.0);
            let work = fit::least_squares(&rows[1], &targets[1], 20.0);
            let [(code_mean, code_max), (work_mean, work_max)] = [
                fit::errors(&rows[0], &targets[0], &code),
                fit::errors(&rows[1], &targets[1], &work),
            ];
            eprintln!(
                "  {:17} code {code_mean:5.1} % mean, {code_max:5.1} % most; instructions {work_mean:5.1} %, {work_max:5.1} %",
                kernel.name()
            );
            println!(
                "[{}.kernels.{}]\ncode = {}\ninstructions = {}\n",
                core.name(),
                kernel.name(),
                fit::list(&code),
                fit::list(&work)
            );
        }
    }
    ExitCode::SUCCESS
}
