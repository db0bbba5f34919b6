//! Compression in the loop: what `emberc ablate` measures is what `emberc run` deploys. Needs what
//! `scripts/setup` installs.
#![allow(clippy::unwrap_used, reason = "tests")]

mod page;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A tiny job whose network is pruned and factorised at any price, judged by folds.
const JOB: &str = "[model]\nname = \"tiny\"\n[data]\nfile = \"digits.csv.gz\"\nshape = [8, 8, 1]\n\
    test = \"tail 500\"\nvalidation = { folds = 2 }\n[board]\nname = \"stm32vldiscovery\"\n\
    [search]\ntrials = 3\nworkers = 2\n\
    [train]\nepochs = 2\nfinal_epochs = 4\nteachers = 1\nseeds = 2\nfinalists = 1\n\
    [compress]\npruning = 0.4\nlow_rank = 0.6\ntolerance = 1.0\n";

fn json(arguments: &[&str], dir: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_is_measured_is_what_is_deployed() {
    let dir = tempfile::tempdir().unwrap();
    let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/digits/digits.csv.gz");
    fs::copy(digits, dir.path().join("digits.csv.gz")).unwrap();
    fs::write(dir.path().join("ember.toml"), JOB).unwrap();

    let ablation = json(&["ablate", "--json", "--quiet"], dir.path());
    let lines = ablation["lines"].as_array().unwrap();
    let index = |name: &str| {
        let found = lines.iter().position(|line| line["name"] == name);
        found.unwrap_or_else(|| panic!("{name}: {ablation}"))
    };
    let cost = |line: usize, what: &str| lines[line]["cost"][what].as_u64().unwrap();
    let configured = index("as configured");
    let whole = index("nothing is taken out");
    let pruned = index("pruned by 40 % of the channels");
    assert_eq!(configured, 0);
    for smaller in [configured, pruned] {
        assert!(cost(smaller, "flash_bytes") < cost(whole, "flash_bytes"));
        assert!(cost(smaller, "arena_bytes") <= cost(whole, "arena_bytes"));
    }
    let fresh = index("the shape pruned by 40 %, trained from the start");
    assert_eq!(lines[fresh]["cost"], lines[pruned]["cost"]);
    for name in [
        "without fine-tuning on the int8 grid",
        "nobody teaches",
        "a larger network teaches",
    ] {
        assert_eq!(lines[index(name)]["cost"], lines[configured]["cost"]);
    }
    for step in ablation["steps"].as_array().unwrap() {
        let [with, without] = ["with", "without"].map(|key| step[key].as_u64().unwrap());
        assert!(with != without && with.max(without) < lines.len() as u64);
    }
    for line in lines {
        let mean = line["int8"]["mean"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&mean), "{line}");
    }
    // All of it is recorded: again it is the same without any training.
    let again = json(&["ablate", "--json", "--quiet"], dir.path());
    assert_eq!(again, ablation);
    let text = Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(["ablate", "--quiet"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("what a step brings") && text.contains("nobody teaches"));

    // The firmware is that of the first line, and equal to the host.
    let report = json(&["run", "--json", "--quiet"], dir.path());
    assert_eq!(report["samples_equal"], 500);
    let arena = cost(configured, "arena_bytes");
    assert_eq!(report["arena_linked_bytes"].as_u64().unwrap(), arena);
    let path = dir.path().join("ember-out/tiny-report.html");
    page::assert_good(&path);
    let shown = fs::read_to_string(path).unwrap();
    assert!(shown.contains("<h2>What each step brought</h2>"));
    assert!(shown.contains("a larger network teaches") && shown.contains("pruned"));
}
