//! Fits `compiler/codegen/src/cost/table.toml` to the kernels of `ember-runtime` and writes it anew:
//! `cargo run --release -p ember-tests --bin fit_cost`. With `--reuse` the measurements of the last
//! run are fitted again, for work on `cost::features`.
#![allow(missing_docs, reason = "a program")]

use std::fmt::Write as _;
use std::process::ExitCode;
use std::{env, fs};

use ember_codegen::cost::{Kernel, features};
use ember_codegen::plan::Planned;
use ember_codegen::target::Core;
use ember_ir::Rounding;
use ember_tests::calibrate::base::Base;
use ember_tests::calibrate::{base, bench, bench_board, fit, layers};
use ember_tests::{firmware, models};

/// Instructions of `infer` outside its layers and of the counter around it.
const CALL_INSTRUCTIONS: u64 = 10;

/// Errors of code are weighed relative to the code's bytes plus these: in a firmware it is bytes that
/// add up.
const SLACK_BYTES: f64 = 1000.0;

/// Layers in one firmware.
const PART: usize = 220;

fn main() -> ExitCode {
    match write_table(env::args().any(|argument| argument == "--reuse")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write_table(reuse: bool) -> Result<(), String> {
    let networks = networks();
    let mut table = String::from(
        "# Measured and fitted by: cargo run --release -p ember-tests --bin fit_cost\n\
         # Bytes and instructions per count, in the order of `cost::features`.\n",
    );
    for core in Core::ALL {
        // The same instructions; what differs between these cores is their time.
        let twin = match core {
            Core::CortexM0Plus => Some(Core::CortexM0),
            Core::CortexM7 => Some(Core::CortexM4),
            Core::CortexM0
            | Core::CortexM3
            | Core::CortexM4
            | Core::CortexM33
            | Core::CortexM55 => None,
        };
        if let Some(twin) = twin {
            let same = section(&table, twin, core);
            table += &same;
            continue;
        }
        table += &measure(core, &networks, reuse)?;
    }
    let path = firmware::root().join("compiler/codegen/src/cost/table.toml");
    fs::write(&path, table).map_err(|error| format!("{}: {error}", path.display()))
}

/// Layers as networks; every fourth rounds like TensorFlow Lite.
fn networks() -> Vec<Planned> {
    let graphs = layers::single_layers(7).into_iter();
    let planned = graphs.zip((0..4).cycle()).map(|(graph, turn)| {
        let rounding = if turn == 0 {
            Rounding::TfLite
        } else {
            Rounding::Single
        };
        models::planned(graph, rounding, 3)
    });
    planned.collect()
}

/// The table of one core.
fn measure(core: Core, networks: &[Planned], reuse: bool) -> Result<String, String> {
    let board = bench_board(core);
    let dir = firmware::work_dir("fit").join(core.name());
    let target = firmware::work_dir("fit/target");
    let cache = dir.with_extension("measured");
    let measured = bench::cached(reuse, &cache, || {
        // What fits the smallest flash at once.
        let parts = networks
            .chunks(PART)
            .map(|part| bench::measure(part, &board, "2", &dir, &target));
        parts
            .collect::<Result<Vec<_>, _>>()
            .map(|parts| parts.concat())
    })?;
    let code: u64 = measured.iter().map(|m| m.code_bytes).sum();
    let instructions: u64 = measured.iter().map(|m| m.instructions).sum();
    eprintln!(
        "{}: {code} bytes of code, {instructions} instructions",
        core.name()
    );
    let Base {
        flash,
        statics,
        stack,
        helpers,
    } = base::measure(core)?;
    let mut text = format!(
        "\n[{}]\nstack_bytes = {stack}\ncall_instructions = {CALL_INSTRUCTIONS}\n\
         division_bytes = {}\nlong_multiply_bytes = {}\n\
         base = {{ semihosting = {}, rtt = {} }}\nstatics = {{ semihosting = {}, rtt = {} }}\n",
        core.name(),
        helpers.division,
        helpers.long_multiply,
        flash[0],
        flash[1],
        statics[0],
        statics[1],
    );
    for kernel in Kernel::ALL {
        let (code, instructions) = factors(kernel, core, networks, &measured);
        let name = format!("{}.kernels.{}", core.name(), kernel.name());
        let _ = writeln!(
            text,
            "\n[{name}]\ncode = {code}\ninstructions = {instructions}"
        );
    }
    Ok(text)
}

/// The factors of a kernel as lists.
fn factors(
    kernel: Kernel,
    core: Core,
    networks: &[Planned],
    measured: &[bench::Measured],
) -> (String, String) {
    let mut rows = [Vec::new(), Vec::new()];
    let mut targets = [Vec::new(), Vec::new()];
    for (network, measured) in networks.iter().zip(measured) {
        let (graph, layer) = (network.graph(), network.layers().last());
        let Some(node) = graph.nodes.last() else {
            continue;
        };
        let Some(features) = features(graph, node, layer, core) else {
            continue;
        };
        if features.kernel != kernel {
            continue;
        }
        // LLVM merges functions with equal code; the second one has no symbol.
        if measured.code_bytes > 0 {
            rows[0].push(features.code);
            targets[0].push(measured.code_bytes as f64);
        }
        // Nothing is counted of layers that were left out.
        if measured.instructions > 0 {
            rows[1].push(features.instructions);
            targets[1].push(measured.instructions as f64);
        }
    }
    let code = fit::least_squares(&rows[0], &targets[0], SLACK_BYTES);
    let work = fit::least_squares(&rows[1], &targets[1], 20.0);
    let held = [
        fit::held_out(&rows[0], &targets[0], SLACK_BYTES),
        fit::held_out(&rows[1], &targets[1], 20.0),
    ];
    eprintln!(
        "  {:17} mean and largest error: code {}, unseen {}; instructions {}, unseen {}",
        kernel.name(),
        fit::errors(&rows[0], &targets[0], &code),
        held[0],
        fit::errors(&rows[1], &targets[1], &work),
        held[1],
    );
    (fit::list(&code), fit::list(&work))
}

/// The section of one core, which is the table's last one, under the name of another.
fn section(table: &str, from: Core, to: Core) -> String {
    let start = table.find(&format!("\n[{}]", from.name())).unwrap_or(0);
    table[start..].replace(&format!("[{}", from.name()), &format!("[{}", to.name()))
}
