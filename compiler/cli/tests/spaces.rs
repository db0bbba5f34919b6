//! A job whose networks remember, in a narrowed space, from a configuration to verified firmware in QEMU.
//! Needs what `scripts/setup` installs.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ember_ir::{Graph, Shape};
use ember_search::Event;
use ember_search::space::{Task, blocks};
use tempfile::TempDir;

/// Series of two classes: which of two bumps comes first. Made by a linear congruential generator.
fn bumps(count: usize) -> String {
    let mut state = 1u64;
    let mut below = |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % n
    };
    let mut text = String::new();
    for _ in 0..count {
        let class = below(2);
        let (first, second) = (below(10), 12 + below(10));
        for step in 0..24 {
            let height = match step {
                _ if step == first => 2 * class as i64 - 1,
                _ if step == second => 1 - 2 * class as i64,
                _ => 0,
            };
            write!(text, "{},", 100 * height + below(30) as i64).unwrap();
        }
        writeln!(text, "{class}").unwrap();
    }
    text
}

fn emberc(dir: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(arguments)
        .current_dir(dir.path())
        .output()
        .unwrap()
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The networks that the only search of a state asked for, in their order.
fn asked(state: &Path) -> Vec<Graph> {
    let search = fs::read_dir(state)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let search = search
        .into_iter()
        .find(|path| path.join("journal.jsonl").is_file())
        .unwrap();
    let journal = fs::read_to_string(search.join("journal.jsonl")).unwrap();
    let task = Task {
        name: "order".into(),
        input: Shape::from([1, 24, 1]),
        classes: 2,
        tokens: None,
    };
    let lines = journal
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let networks = lines.filter_map(|event| match event {
        Event::Started { architecture, .. } => Some(blocks::assemble(&task, &architecture).graph),
        _ => None,
    });
    networks.collect()
}

/// Topologies are the same whatever things are called.
fn nameless(graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    for (i, tensor) in graph.tensors.iter_mut().enumerate() {
        tensor.name = i.to_string();
    }
    graph
}

#[test]
fn a_recurrent_network_is_found_and_runs_on_the_device_as_on_the_host() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bumps.csv"), bumps(700)).unwrap();
    let text = "[model]\nname = \"order\"\n[data]\nfile = \"bumps.csv\"\nshape = [1, 24, 1]\n\
                [board]\nname = \"stm32vldiscovery\"\n\
                [search]\nspace = \"recurrent\"\ntrials = 3\nworkers = 2\n\
                [space]\nblocks = [\"conv\", \"max-pool\", \"lstm\"]\ndepth = [2, 3]\n\
                [train]\nepochs = 6\nfinal_epochs = 20\nteachers = 0\nfinalists = 1\nseeds = 1\n";
    fs::write(dir.path().join("ember.toml"), text).unwrap();
    kept(dir.path());
    let network = fs::read_to_string(dir.path().join("ember-out/order/order.ember")).unwrap();
    assert!(network.contains("= lstm "), "{network}");
    assert!(!network.contains("= gru"), "{network}");

    // What an earlier run found is a template for the next one, whatever the space is called.
    let again = text
        .replace("space = \"recurrent\"\ntrials = 3", "trials = 2")
        .replace(
            "[\"conv\", \"max-pool\", \"lstm\"]\n",
            "[\"conv\", \"max-pool\", \"lstm\"]\ntemplate = [\"ember-out/order/order.ember\"]\n",
        )
        .replace("ember.toml", "again.toml")
        + "[output]\ndir = \"again\"\n";
    fs::write(dir.path().join("again.toml"), &again).unwrap();
    let output = emberc(&dir, &["search", "again.toml", "--quiet"]);
    assert!(output.status.success(), "{}", text_of(&output.stderr));
    let first = &asked(&dir.path().join("again/state/order"))[0];
    assert_eq!(
        nameless(first),
        nameless(&ember_ir::text::parse_graph(&network).unwrap())
    );

    // One that nothing can be cut off from any more.
    let tight = again.replace("workers", "macs = 10\nworkers");
    fs::write(dir.path().join("again.toml"), tight).unwrap();
    let output = emberc(&dir, &["search", "again.toml", "--quiet"]);
    let stderr = text_of(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("template 1 (") && stderr.contains("where 10 are"),
        "{stderr}"
    );

    // What a strategy cannot keep to is said before anything is trained.
    let text = text.replace("trials", "strategy = \"gdas\"\ntrials");
    fs::write(dir.path().join("ember.toml"), text).unwrap();
    refused(dir.path(), "gdas cannot keep to `depth`");
}

#[test]
fn a_recurrent_network_is_fed_step_by_step() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bumps.csv"), bumps(700)).unwrap();
    let text = "[model]\nname = \"order\"\n[data]\nfile = \"bumps.csv\"\nshape = [1, 24, 1]\n\
                [board]\nname = \"stm32vldiscovery\"\ninput = \"steps\"\nhop = 2\n\
                [search]\ntrials = 3\nworkers = 2\n[space]\nblocks = [\"darts-cell\"]\npool = 1\n\
                [train]\nepochs = 6\nfinal_epochs = 20\nteachers = 0\nfinalists = 1\nseeds = 1\n";
    fs::write(dir.path().join("ember.toml"), text).unwrap();
    let report = kept(dir.path());
    assert_eq!(report["calls"], 12);
    let made = dir.path().join("ember-out/order");
    let network = fs::read_to_string(made.join("order.ember")).unwrap();
    assert!(network.contains("input input 1x2x1 "), "{network}");
    assert!(network.contains("= darts_cell "), "{network}");
    assert!(network.contains("stateful=true"), "{network}");
    let whole = fs::read_to_string(made.join("verify/whole.ember")).unwrap();
    assert!(whole.contains("input input 1x24x1 "), "{whole}");
    assert!(!whole.contains("stateful"), "{whole}");
    let golden = Command::new("cargo")
        .args(["test", "--quiet", "--offline"])
        .current_dir(&made)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&golden.stderr);
    assert!(golden.status.success(), "{stderr}");

    let change = |from: &str, to: &str| {
        fs::write(dir.path().join("ember.toml"), text.replace(from, to)).unwrap();
    };
    change("hop = 2", "hop = 5");
    refused(dir.path(), "samples of 24 steps do not come in hops of 5");
    change("trials", "space = \"cnn1d\"\ntrials");
    refused(dir.path(), "space cnn1d take whole samples");
}

/// Runs the job of a folder to its end, where all that was promised is kept.
fn kept(dir: &Path) -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(["run", "--json", "--quiet"])
        .current_dir(dir)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["samples"], 140);
    assert_eq!(report["samples_equal"], report["samples"]);
    for what in ["arena", "constants"] {
        let bytes = |how| &report[format!("{what}_{how}_bytes")];
        assert_eq!(bytes("predicted"), bytes("linked"));
    }
    let bytes = |how| report[format!("flash_{how}_bytes")].as_f64().unwrap();
    assert!(
        (bytes("predicted") / bytes("linked") - 1.0).abs() < 0.03,
        "{report}"
    );
    assert!(report["accuracy_int8"].as_f64().unwrap() > 0.9, "{report}");
    report
}

/// Looks for networks in vain.
fn refused(dir: &Path, why: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(["search", "--quiet"])
        .current_dir(dir)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(why), "{stderr}");
}
