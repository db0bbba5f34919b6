//! The cost model's promise, on some of the networks and cores that `check_cost` has all of: instructions of
//! every layer within 3 %, code within 5 %.

#![allow(clippy::unwrap_used, reason = "tests")]

use ember_codegen::plan::Planned;
use ember_codegen::target::Core;
use ember_tests::calibrate::bench_board;
use ember_tests::cost_check::errors::Report;
use ember_tests::cost_check::{measure_all, networks};
use ember_tests::firmware::work_dir;

/// Networks of `tests/nets` that are quick to build and to run.
const FILES: [&str; 3] = ["digits", "motion", "kws"];

/// Random ones.
const SEARCHED: usize = 4;

/// One of fully connected layers with int4 weights alone.
const INT4: usize = 47;

/// What does not hold.
fn problems(core: Core, all: &[Planned]) -> Option<String> {
    // Folders that other tests build firmware in as well.
    let targets = ["target", "boards-target"].map(work_dir);
    let targets = targets.each_ref().map(|target| target.as_path());
    let measured = measure_all(all, &bench_board(core), &work_dir("cost"), &targets).unwrap();
    let report = Report::of(&measured);
    (!report.holds()).then(|| format!("{}:\n{report}", core.name()))
}

#[test]
fn predictions_are_true() {
    let mut found = Vec::new();
    for core in [Core::CortexM0, Core::CortexM55] {
        let board = bench_board(core);
        let mut all: Vec<_> = FILES
            .iter()
            .map(|name| networks::file(name, &board))
            .collect();
        all.extend(networks::searched(&board, SEARCHED));
        found.extend(problems(core, &all));
    }
    // What shares code with nothing else: it is compiled as in models where it does.
    let board = bench_board(Core::CortexM4);
    let alone = networks::drawn(&board, INT4).unwrap();
    found.extend(problems(Core::CortexM4, &[alone]));
    assert!(found.is_empty(), "{}", found.join("\n"));
}
