//! A job whose networks remember, in a narrowed space, from a configuration to verified firmware in QEMU.
//! Needs what `scripts/setup` installs.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

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
    let output = Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(["run", "--json", "--quiet"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["samples"], 140);
    assert_eq!(report["samples_equal"], report["samples"]);
    assert_eq!(
        report["arena_predicted_bytes"],
        report["arena_linked_bytes"]
    );
    assert_eq!(
        report["constants_predicted_bytes"],
        report["constants_linked_bytes"]
    );
    assert!(report["accuracy_int8"].as_f64().unwrap() > 0.9, "{report}");
    let network = fs::read_to_string(dir.path().join("ember-out/order/order.ember")).unwrap();
    assert!(network.contains("= lstm "), "{network}");
    assert!(!network.contains("= gru"), "{network}");

    // What a strategy cannot keep to is said before anything is trained.
    let text = text.replace("trials", "strategy = \"gdas\"\ntrials");
    fs::write(dir.path().join("ember.toml"), text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(["search", "--quiet"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("gdas cannot keep to `depth`"), "{stderr}");
}
