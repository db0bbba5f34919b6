//! Checks the cost model against firmware in QEMU, on the networks of `tests/nets` and on random ones of the
//! search's spaces: `cargo run --release -p ember-tests --bin check_cost`, or with fewer random networks and
//! on some cores, or of firmware that prefers size: `… check_cost --networks 4 --prefer size --core cortex-m4`. Fails if a prediction is beyond the limits.
#![allow(missing_docs, reason = "a program")]

use std::process::ExitCode;
use std::thread;

use clap::Parser;
use ember_codegen::plan::Planned;
use ember_codegen::target::{Board, Core};
use ember_tests::arguments::Firmware;
use ember_tests::calibrate::bench_board;
use ember_tests::cost_check::errors::Report;
use ember_tests::cost_check::{measure_all, networks};
use ember_tests::firmware::work_dir;

/// The cores whose instructions differ.
const CORES: [Core; 5] = [
    Core::CortexM0,
    Core::CortexM3,
    Core::CortexM4,
    Core::CortexM33,
    Core::CortexM55,
];

/// Compares the cost model with firmware in QEMU; fails if a prediction is beyond the limits.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    firmware: Firmware,
    /// Random networks of the search's spaces per core, beside those of `tests/nets`.
    #[arg(long, default_value_t = 50)]
    networks: usize,
}

fn main() -> ExitCode {
    match check(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            println!("a prediction is beyond the limits");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn check(args: &Args) -> Result<bool, String> {
    let cores = match &args.firmware.cores[..] {
        [] => CORES.to_vec(),
        some => some.to_vec(),
    };
    let dir = work_dir("check-cost");
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let targets: Vec<_> = (0..workers)
        .map(|worker| dir.join(format!("target{worker}")))
        .collect();
    let targets: Vec<_> = targets.iter().map(|target| target.as_path()).collect();
    let mut holds = true;
    for core in cores {
        let board = Board {
            prefer: args.firmware.prefer.unwrap_or_default(),
            ..bench_board(core)
        };
        let mut all: Vec<Planned> = networks::FILES
            .iter()
            .map(|name| networks::file(name, &board))
            .collect();
        all.extend(networks::searched(&board, args.networks));
        let report = Report::of(&measure_all(&all, &board, &dir, &targets)?);
        println!(
            "{} on {}: {} networks\n{report}",
            core.name(),
            board.name,
            all.len()
        );
        holds &= report.holds();
    }
    Ok(holds)
}
