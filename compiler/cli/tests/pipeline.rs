//! The main job from a configuration to verified firmware in QEMU, small enough for every test run.
//! Needs what `scripts/setup` installs.
#![allow(clippy::unwrap_used, reason = "tests")]

mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A tiny job on the digits in a folder of its own.
fn job(dir: &Path) -> PathBuf {
    let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/digits/digits.csv.gz");
    fs::copy(digits, dir.join("digits.csv.gz")).unwrap();
    let config = dir.join("ember.toml");
    let text = "[model]\nname = \"tiny\"\n[data]\nfile = \"digits.csv.gz\"\nshape = [8, 8, 1]\n\
                test = \"tail 500\"\n[board]\nname = \"stm32vldiscovery\"\n\
                [search]\ntrials = 3\nworkers = 2\n\
                [train]\nepochs = 2\nfinal_epochs = 4\nteachers = 0\nseeds = 2\n";
    fs::write(&config, text).unwrap();
    config
}

fn emberc(arguments: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// All files of a crate but what cargo made.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let relative = path.strip_prefix(dir).unwrap().to_path_buf();
            if relative == Path::new("target") || relative == Path::new("Cargo.lock") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(relative, fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_job_ends_in_firmware_that_equals_the_host_and_keeps_every_promise() {
    let dir = tempfile::tempdir().unwrap();
    job(dir.path());
    let report = json(&emberc(&["run", "--json", "--quiet"], dir.path()));
    let number = |key: &str| {
        report[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{key}: {report}"))
    };
    assert_eq!(report["board"], "stm32vldiscovery");
    assert_eq!(number("samples"), 500.0);
    assert_eq!(number("samples_equal"), 500.0);
    assert_eq!(
        number("arena_predicted_bytes"),
        number("arena_linked_bytes")
    );
    assert_eq!(
        number("constants_predicted_bytes"),
        number("constants_linked_bytes")
    );
    let (predicted, linked) = (
        number("flash_predicted_bytes"),
        number("flash_linked_bytes"),
    );
    assert!(
        (predicted - linked).abs() <= 0.03 * linked,
        "{predicted} predicted, {linked} linked"
    );
    assert!(linked <= 128.0 * 1024.0);
    // A few epochs are not much, but chance is 0.1.
    assert!(
        number("accuracy_int8") > 0.3 && number("accuracy_float") > 0.3,
        "{report}"
    );
    assert!(
        (number("accuracy_int8") - number("accuracy_float")).abs() < 0.05,
        "{report}"
    );
    let replicated = &report["replicated"];
    assert_eq!(replicated["finalists"], 2);
    assert_eq!(replicated["seeds"], 2);
    for form in ["float", "int8"] {
        let [mean, deviation] = ["mean", "deviation"].map(|key| {
            replicated[form][key]
                .as_f64()
                .unwrap_or_else(|| panic!("{form} {key}: {report}"))
        });
        assert!(mean > 0.2 && deviation >= 0.0, "{form}: {report}");
    }
    for key in ["instructions", "stack_bytes", "search_seconds"] {
        assert!(number(key) > 0.0, "{key}");
    }

    // Everything is done: the second run only repeats the measurement, and the crate stays as it is.
    let crate_dir = dir.path().join("ember-out/tiny");
    let before = contents(&crate_dir);
    let page = dir.path().join("ember-out/tiny-report.html");
    page::assert_good(&page);
    let shown = fs::read(&page).unwrap();
    assert_eq!(
        json(&emberc(&["run", "--json", "--quiet"], dir.path())),
        report
    );
    assert_eq!(contents(&crate_dir), before);
    assert_eq!(fs::read(&page).unwrap(), shown);
    assert!(before.contains_key(Path::new("tiny.ember")));

    // The search can be looked at afterwards.
    let watched = json(&emberc(&["watch", "--json"], dir.path()));
    assert_eq!(watched["trials"], 3);
    assert_eq!(watched["stopped"], "trials");
    assert_eq!(watched["best"].as_array().unwrap().len(), 3);
    let output = emberc(&["watch"], dir.path());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("3 of 3 trials") && text.contains("Pareto front"),
        "{text}"
    );

    // The folder is enough to verify it again, also from elsewhere.
    let path = crate_dir.display().to_string();
    let verified = json(&emberc(
        &["verify", "--json", "--quiet", &path],
        Path::new("/"),
    ));
    assert_eq!(verified, report);
    let bench = json(&emberc(&["bench", "--json", "--quiet", &path], dir.path()));
    assert_eq!(bench["instructions"], report["instructions"]);
    let inspected = emberc(&["inspect", &format!("{path}/tiny.ember")], dir.path());
    assert!(String::from_utf8_lossy(&inspected.stdout).contains("logits"));

    // Another network is not what the firmware computes: exit code 1, and the sample is named.
    let network = crate_dir.join("tiny.ember");
    let text = fs::read_to_string(&network).unwrap();
    let changed: String = text
        .lines()
        .map(|line| format!("{}\n", shift_bias(line)))
        .collect();
    assert_ne!(changed, text);
    fs::write(&network, changed).unwrap();
    let output = emberc(&["verify", &path], dir.path());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("verification failed") && stderr.contains("sample "),
        "{stderr}"
    );
}

/// A line of biases with the first one larger.
fn shift_bias(line: &str) -> String {
    match line.trim_start().strip_prefix("bias ") {
        Some(biases) => {
            let mut biases: Vec<i64> = biases
                .split_whitespace()
                .map(|bias| bias.parse().unwrap())
                .collect();
            biases[0] += 1000;
            let biases: Vec<String> = biases.iter().map(ToString::to_string).collect();
            format!("  bias {}", biases.join(" "))
        }
        None => line.to_string(),
    }
}

#[test]
fn a_folder_with_somebody_elses_files_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    job(dir.path());
    let theirs = dir.path().join("ember-out/tiny/src/lib.rs");
    fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    fs::write(&theirs, "// mine\n").unwrap();
    let output = emberc(&["run", "--quiet"], dir.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did not write"));
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "// mine\n");
}
