//! A job that finds anomalies, from a configuration to verified firmware in QEMU, and what is wrong with such
//! configurations. Needs what `scripts/setup` installs.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::f32::consts::TAU;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Numbers in [0, 1) by a linear congruential generator.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }
}

/// A machine's vibration in windows of 32: two tones of its own. One of them is another where the bearing is
/// worn, and a third one comes with a loose belt.
fn vibration(good: usize, worn: usize, loose: usize) -> String {
    let mut numbers = Numbers(7);
    let mut text = String::new();
    let kinds = [("good", good), ("worn", worn), ("loose", loose)];
    for (kind, count) in kinds {
        for _ in 0..count {
            let [first, second, third] = [0; 3].map(|_| numbers.next());
            let strength = 0.8 + 0.4 * numbers.next();
            for t in 0..32 {
                let tone =
                    |cycles: f32, phase: f32| (TAU * (cycles * t as f32 / 32.0 + phase)).sin();
                let own = if kind == "worn" { 3.5 } else { 3.0 };
                let belt = if kind == "loose" { 0.35 } else { 0.0 };
                let value = strength * (tone(own, first) + 0.5 * tone(7.0, second))
                    + belt * tone(10.0, third)
                    + 0.2 * (numbers.next() - 0.5);
                write!(text, "{:.3},", 9.0 + 40.0 * value).unwrap();
            }
            writeln!(text, "{kind}").unwrap();
        }
    }
    text
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
    assert!(output.status.success(), "{}: {stderr}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

const JOB: &str = "[model]\nname = \"pump\"\ntask = \"anomaly\"\n\
    [data]\nfile = \"pump.csv\"\nshape = [1, 32, 1]\nnormal = \"good\"\n\
    [board]\nname = \"stm32vldiscovery\"\n\
    [search]\ntrials = 4\nworkers = 2\n\
    [space]\ndepth = [1, 2]\nbottleneck = [4, 12]\n\
    [train]\nepochs = 10\nfinal_epochs = 30\nteachers = 1\nfinalists = 1\nseeds = 2\n";

#[test]
fn anomalies_are_found_by_firmware_that_has_seen_none() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("pump.csv"), vibration(600, 40, 40)).unwrap();
    fs::write(dir.path().join("ember.toml"), JOB).unwrap();
    let output = emberc(&["run", "--json"], dir.path());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = json(&output);
    // 120 of the normal samples, and the anomalies in the same proportion: all judge, none trains.
    assert!(
        told.contains("680 samples of 1x32x1 with 80 anomalies (384 train"),
        "{told}"
    );
    assert_eq!(report["samples_equal"], report["samples"]);
    assert_eq!(
        report["arena_predicted_bytes"],
        report["arena_linked_bytes"]
    );
    assert_eq!(
        report["constants_predicted_bytes"],
        report["constants_linked_bytes"]
    );
    // Nothing is called an accuracy.
    assert!(report["accuracy_int8"].is_null() && report["accuracy_float"].is_null());
    assert_eq!(report["replicated"]["metric"], "auc");
    let found = &report["anomaly"];
    let number = |key: &str| {
        found[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{key}: {report}"))
    };
    assert!(number("auc_int8") > 0.9, "{report}");
    assert!(
        (number("auc_int8") - number("auc_float")).abs() < 0.05,
        "{report}"
    );
    assert!(
        number("recall") > 0.5 && number("precision") > 0.5,
        "{report}"
    );
    assert!(number("false_alarm_rate") < 0.2, "{report}");

    let emitted = dir.path().join("ember-out/pump");
    let library = fs::read_to_string(emitted.join("src/lib.rs")).unwrap();
    let threshold = format!(
        "pub const THRESHOLD: u32 = {};",
        found["threshold"]["score"]
    );
    assert!(library.contains(&threshold), "{threshold}");
    assert!(library.contains("int8 AUC, test set"), "{library}");
    let page = fs::read_to_string(dir.path().join("ember-out/pump-report.html")).unwrap();
    assert!(page.contains("int8 validation AUC, %"));
    assert!(!page.to_lowercase().contains("accuracy"), "{page}");
    let watched = json(&emberc(&["watch", "--json"], dir.path()));
    assert_eq!(watched["front"][0]["metric"], "auc");

    // The folder is enough to verify it again.
    let path = emitted.display().to_string();
    let verified = json(&emberc(
        &["verify", "--json", "--quiet", &path],
        Path::new("/"),
    ));
    assert_eq!(verified, report);
}

/// A configuration and what is said about it.
fn refused(arguments: &[&str], text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("pump.csv"), vibration(20, 4, 4)).unwrap();
    fs::write(dir.path().join("ember.toml"), text).unwrap();
    let output = emberc(arguments, dir.path());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    stderr
}

#[test]
fn what_cannot_find_anomalies_is_said_before_anything_is_trained() {
    let cases = [
        (
            "normal = \"good\"\n",
            "",
            "task = \"anomaly\" needs `normal` in [data]",
        ),
        (
            "\"good\"",
            "[\"good\", \"god\"]",
            "`normal`: there is no class \"god\"",
        ),
        ("\"good\"", "7", "`normal`: there is no class \"7\""),
        (
            "\"good\"",
            "0.5",
            "`normal` must be a string, or an array of strings, not 0.5",
        ),
        (
            "trials",
            "space = \"mlp\"\ntrials",
            "the space mlp has no networks that rebuild",
        ),
        (
            "trials",
            "strategy = \"dnas\"\ntrials",
            "these search autoencoders: aging-evolution, nsga2, reinforce, random",
        ),
        (
            "[search]",
            "input = \"rows\"\n[search]",
            "an anomaly score needs the sample as a whole",
        ),
        (
            "[search]",
            "hop = 2\n[search]",
            "an anomaly score needs the sample as a whole",
        ),
        (
            "epochs = 10",
            "epochs = 10\nmixup = 0.2",
            "`mixup` does not go with task = \"anomaly\"",
        ),
        (
            "[4, 12]",
            "[100, 200]",
            "the space autoencoder has nothing in 100..=200",
        ),
        (
            "normal = \"good\"",
            "normal = \"good\"\nvalidation = \"tail 4\"\ntest = \"tail 4\"",
            "the validation set has no normal sample",
        ),
        (
            "task = \"anomaly\"",
            "",
            "`normal` is for task = \"anomaly\"",
        ),
        (
            "task = \"anomaly\"",
            "task = \"anomaly\"\nfalse_alarms = 0.9",
            "`false_alarms` must be a number from 0 to 0.5",
        ),
    ];
    for (from, to, what) in cases {
        let text = JOB.replacen(from, to, 1);
        assert_ne!(text, JOB, "{what}");
        let told = refused(&["search", "--quiet"], &text);
        let told: Vec<&str> = told.split_whitespace().collect();
        assert!(told.join(" ").contains(what), "{what}: {}", told.join(" "));
    }
    let classifier = JOB
        .replace("task = \"anomaly\"\n", "")
        .replace("normal = \"good\"\n", "")
        .replace("trials", "space = \"autoencoder\"\ntrials");
    let told = refused(&["search", "--quiet"], &classifier);
    assert!(
        told.contains("an autoencoder tells no classes apart"),
        "{told}"
    );
}

#[test]
fn without_anomalies_networks_are_judged_by_what_they_rebuild() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("pump.csv"), vibration(200, 0, 0)).unwrap();
    fs::write(dir.path().join("ember.toml"), JOB).unwrap();
    let output = emberc(&["search"], dir.path());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("the validation set has no anomalies"),
        "{told}"
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("int8 validation explained variance"),
        "{text}"
    );
    assert!(
        !text.contains("accuracy") && !text.contains("AUC"),
        "{text}"
    );
}
