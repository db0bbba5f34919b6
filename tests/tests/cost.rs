//! The cost model's promise, on some of the networks and cores that `check_cost` has all of: instructions of
//! every layer within 3 %, code within 5 %.

#![allow(clippy::unwrap_used, reason = "tests")]

use ember_codegen::target::Core;
use ember_tests::calibrate::bench_board;
use ember_tests::cost_check::errors::Report;
use ember_tests::cost_check::{measure_all, networks};
use ember_tests::firmware::work_dir;

/// Networks of `tests/nets` that are quick to build and to run.
const FILES: [&str; 3] = ["digits", "motion", "kws"];

/// Random ones.
const SEARCHED: usize = 4;

#[test]
fn predictions_are_true() {
    // Folders that other tests build firmware in as well.
    let targets = ["target", "boards-target"].map(work_dir);
    let targets = targets.each_ref().map(|target| target.as_path());
    let mut problems = Vec::new();
    for core in [Core::CortexM0, Core::CortexM55] {
        let board = bench_board(core);
        let mut all: Vec<_> = FILES
            .iter()
            .map(|name| networks::file(name, &board))
            .collect();
        all.extend(networks::searched(&board, SEARCHED));
        let measured = measure_all(&all, &board, &work_dir("cost"), &targets).unwrap();
        let report = Report::of(&measured);
        if !report.holds() {
            problems.push(format!("{}:\n{report}", core.name()));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
