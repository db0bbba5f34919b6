//! What the user types and sees: help, tables, errors, exit codes. Bless with `UPDATE_EXPECT=1`.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use expect_test::expect_file;

fn emberc(arguments: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(arguments)
        .current_dir(dir)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("EMBER_SHARED")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_teaches() {
    let dir = tempfile::tempdir().unwrap();
    let output = emberc(&["--help"], dir.path());
    assert_eq!(output.status.code(), Some(0));
    expect_file!["expected/help.txt"].assert_eq(&text(&output.stdout));
    for command in [
        "new",
        "fit",
        "search",
        "watch",
        "run",
        "ablate",
        "compile",
        "infer",
        "build",
        "verify",
        "bench",
        "bench-search",
        "inspect",
        "boards",
        "doctor",
    ] {
        let output = emberc(&[command, "--help"], dir.path());
        assert_eq!(output.status.code(), Some(0), "{command}");
    }
}

#[test]
fn boards_are_listed_and_can_be_read_by_programs() {
    let dir = tempfile::tempdir().unwrap();
    let output = emberc(&["boards"], dir.path());
    expect_file!["expected/boards.txt"].assert_eq(&text(&output.stdout));
    let json = emberc(&["boards", "--json"], dir.path());
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let microbit = json["boards"]
        .as_array()
        .unwrap()
        .iter()
        .find(|board| board["name"] == "microbit");
    assert_eq!(microbit.unwrap()["ram_bytes"], 16 * 1024);
}

#[test]
fn keys_are_documented() {
    let dir = tempfile::tempdir().unwrap();
    let output = emberc(&["new", "--keys"], dir.path());
    expect_file!["expected/keys.txt"].assert_eq(&text(&output.stdout));
}

#[test]
fn wrong_usage_is_two() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in [
        &["frobnicate"][..],
        &["run", "nowhere.toml"],
        &["inspect", "Cargo.lock"],
        &["build", "nowhere"],
        &["verify", "nowhere"],
        &["new", "nowhere.csv"],
        &["bench-search", "nowhere.csv"],
        &["bench-search", "Cargo.lock"],
        &["bench-search", "--noise=-1"],
    ] {
        let output = emberc(arguments, dir.path());
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        assert!(
            output.stdout.is_empty(),
            "stdout is for results: {arguments:?}"
        );
    }
}

#[test]
fn problems_of_configuration_and_data_are_shown_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("s.csv"), "1,a\n2,a\n").unwrap();
    let bad =
        "[model]\nname = \"t\"\n[data]\nfile = \"s.csv\"\n[board]\nname = \"microbit\"\nflsh = 3\n";
    fs::write(dir.path().join("ember.toml"), bad).unwrap();
    let output = emberc(&["run"], dir.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("did you mean `flash`?"),
        "{}",
        text(&output.stderr)
    );
    fs::write(dir.path().join("ember.toml"), bad.replace("flsh = 3\n", "")).unwrap();
    let output = emberc(&["run"], dir.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("a classifier needs two"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn limits_that_nothing_fits_are_a_problem_of_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = String::new();
    for row in 0..40 {
        rows.push_str(&format!("{row},{},{}\n", row * 2, row % 2));
    }
    fs::write(dir.path().join("s.csv"), rows).unwrap();
    let tiny = "[model]\nname = \"t\"\n[data]\nfile = \"s.csv\"\n\
                [board]\ncore = \"cortex-m4\"\nflash = \"4K\"\nram = \"512\"\n";
    fs::write(dir.path().join("ember.toml"), tiny).unwrap();
    let output = emberc(&["run"], dir.path());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("no network of this space fits"),
        "{}",
        text(&output.stderr)
    );
    // A limit of the job's own is pointed at where it stands.
    let few = "[model]\nname = \"t\"\n[data]\nfile = \"s.csv\"\n[search]\nmacs = 3\n";
    let few = format!("{few}[board]\nname = \"mps2-an386\"\n");
    fs::write(dir.path().join("ember.toml"), few).unwrap();
    let output = emberc(&["run"], dir.path());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    for part in ["multiply-accumulates where 3 are allowed", "macs = 3"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn new_writes_a_configuration_that_inspect_accepts_and_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = String::new();
    for row in 0..60 {
        rows.push_str(&format!("{},{},{}\n", row % 7, row % 5, row % 3));
    }
    fs::write(dir.path().join("my-data.csv"), rows).unwrap();
    let output = emberc(&["new", "my-data.csv", "--board", "microbit"], dir.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let written = fs::read_to_string(dir.path().join("ember.toml")).unwrap();
    assert!(written.contains("name = \"my_data\""), "{written}");
    let output = emberc(&["inspect", "ember.toml"], dir.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).contains("my_data on microbit"),
        "{}",
        text(&output.stdout)
    );
    let again = emberc(&["new", "my-data.csv"], dir.path());
    assert_eq!(again.status.code(), Some(2));
    assert_eq!(
        fs::read_to_string(dir.path().join("ember.toml")).unwrap(),
        written
    );
}

/// Without the published tables: those that need no file.
#[test]
fn strategies_are_compared_on_tables() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = [
        "bench-search",
        "--seeds",
        "3",
        "--evaluations",
        "20",
        "--json",
    ];
    let run = || {
        let output = emberc(&arguments, dir.path());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        output
    };
    let output = run();
    assert!(
        text(&output.stderr).contains("nasbench201_cifar.csv is not there: left out"),
        "{}",
        text(&output.stderr)
    );
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let results = json["results"].as_array().unwrap();
    assert_eq!(results.len(), 3 * 2 * 8, "tables, noises, strategies");
    let defaults = results.iter().filter(|row| row["default"] == true);
    assert!(
        defaults.clone().count() == 6
            && defaults
                .clone()
                .all(|row| row["strategy"] == "aging-evolution")
    );
    for row in results {
        assert!(row["benchmark"].as_str().unwrap().starts_with("synthetic-"));
        assert!(row["mean_regret"].as_f64().unwrap() >= 0.0);
        assert!(row["noise_sd"] == 0.0 || row["noise_sd"] == 0.5);
        assert_eq!(
            (&row["evaluations"], &row["seeds"]),
            (&20.into(), &3.into())
        );
    }
    assert_eq!(run().stdout, output.stdout, "threads change nothing");
    fs::write(dir.path().join("cells.csv"), "arch,cifar10_acc\n000000,1\n").unwrap();
    let output = emberc(&["bench-search", "cells.csv"], dir.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("cells.csv: not a table of nas-bench-201-cifar10"),
        "{}",
        text(&output.stderr)
    );
}
