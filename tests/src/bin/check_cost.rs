//! Checks the cost model against firmware in QEMU, on the networks of `tests/nets` and on random ones of the
//! search's spaces: `cargo run --release -p ember-tests --bin check_cost`, or with fewer random networks and
//! on some cores, or of firmware that prefers size: `… check_cost --networks 4 size cortex-m4`. Fails if a prediction is beyond the limits.
#![allow(missing_docs, reason = "a program")]

use std::process::ExitCode;
use std::{env, thread};

use ember_codegen::plan::Planned;
use ember_codegen::target::{Board, Core, Prefer};
use ember_tests::calibrate::bench_board;
use ember_tests::cost_check::errors::Report;
use ember_tests::cost_check::{measure_all, networks};
use ember_tests::firmware::work_dir;

/// Random networks per core.
const NETWORKS: usize = 50;

/// The cores whose instructions differ.
const CORES: [Core; 5] = [
    Core::CortexM0,
    Core::CortexM3,
    Core::CortexM4,
    Core::CortexM33,
    Core::CortexM55,
];

fn main() -> ExitCode {
    match check() {
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

fn check() -> Result<bool, String> {
    let mut count = NETWORKS;
    let mut prefer = Prefer::Speed;
    let mut cores = Vec::new();
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--networks" {
            let number = args.next().and_then(|number| number.parse().ok());
            count = number.ok_or("`--networks` takes a number")?;
        } else if arg == Prefer::Size.name() {
            prefer = Prefer::Size;
        } else {
            let core = Core::ALL.into_iter().find(|core| core.name() == arg);
            cores.push(core.ok_or_else(|| format!("there is no core {arg}"))?);
        }
    }
    if cores.is_empty() {
        cores.extend(CORES);
    }
    let dir = work_dir("check-cost");
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let targets: Vec<_> = (0..workers)
        .map(|worker| dir.join(format!("target{worker}")))
        .collect();
    let targets: Vec<_> = targets.iter().map(|target| target.as_path()).collect();
    let mut holds = true;
    for core in cores {
        let board = Board {
            prefer,
            ..bench_board(core)
        };
        let mut all: Vec<Planned> = networks::FILES
            .iter()
            .map(|name| networks::file(name, &board))
            .collect();
        all.extend(networks::searched(&board, count));
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
