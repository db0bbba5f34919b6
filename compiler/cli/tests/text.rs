//! A job over texts, from a table of sentences to firmware in QEMU that takes their bytes. Needs what
//! `scripts/setup` installs.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::process::{Command, Output};

use emberc::data;
use tempfile::TempDir;

/// Commands of a small grammar, `text,intent`, drawn by a linear congruential generator. The words that tell the
/// intents apart stand anywhere.
fn commands(count: usize) -> String {
    let mut state = 7u64;
    let mut pick = |from: &[&'static str]| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        from[(state >> 33) as usize % from.len()]
    };
    let mut text = String::from("text,intent\n");
    for _ in 0..count {
        let intent = pick(&["light", "music", "timer", "weather"]);
        let place = pick(&[
            "in the kitchen",
            "upstairs",
            "in my room",
            "for Anna",
            "now",
        ]);
        let core = match intent {
            "light" => [
                pick(&["turn on the", "switch off the", "dim the"]),
                pick(&["lamp", "lights", "ceiling light"]),
            ],
            "music" => [
                pick(&["play", "stop", "turn up"]),
                pick(&["the song", "some jazz", "the radio", "music"]),
            ],
            "timer" => [
                pick(&["set a timer", "wake me", "remind me"]),
                pick(&["in five minutes", "at seven", "in an hour"]),
            ],
            _ => [
                pick(&["will it rain", "how cold is it", "do I need an umbrella"]),
                pick(&["today", "tomorrow", "outside"]),
            ],
        };
        let polite = pick(&["", "please ", "hey ", "Could you "]);
        text.push_str(&format!(
            "{polite}{} {} {place},{intent}\n",
            core[0], core[1]
        ));
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

const JOB: &str = "[model]\nname = \"intents\"\n\
    [data]\nfile = \"commands.csv\"\ntext = \"text\"\nlabel = \"intent\"\nwindow = 48\n\
    [board]\nname = \"stm32vldiscovery\"\n\
    [search]\ntrials = 2\nworkers = 2\n\
    [space]\nwidth = [8, 24]\n\
    [train]\nepochs = 6\nfinal_epochs = 12\nteachers = 0\nfinalists = 1\nseeds = 1\n";

#[test]
fn a_network_over_texts_is_found_and_its_firmware_takes_their_bytes() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("commands.csv"), commands(600)).unwrap();
    fs::write(dir.path().join("ember.toml"), JOB).unwrap();
    let output = emberc(&dir, &["run", "--json", "--quiet"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["samples_equal"], report["samples"]);
    for bytes in ["arena", "constants"] {
        let of = |when: &str| report[format!("{bytes}_{when}_bytes")].clone();
        assert_eq!(of("predicted"), of("linked"), "{bytes}");
    }
    // Four intents: chance is a quarter.
    assert!(report["accuracy_int8"].as_f64().unwrap() > 0.8, "{report}");
    let crate_dir = dir.path().join("ember-out/intents");
    let network = fs::read_to_string(crate_dir.join("intents.ember")).unwrap();
    assert!(
        network.contains("tokens = unary input function=table"),
        "{network}"
    );
    assert!(network.contains("= embedding tokens "), "{network}");
    let library = fs::read_to_string(crate_dir.join("src/lib.rs")).unwrap();
    assert!(
        library.contains("pub fn read_text(&mut self, text: &[u8])"),
        "{library}"
    );
    let golden = fs::read_to_string(crate_dir.join("tests/golden.rs")).unwrap();
    assert!(
        golden.contains("texts_become_the_golden_inputs"),
        "{golden}"
    );

    // It is a template for the next job.
    let again = JOB.replace(
        "width = [8, 24]",
        "template = \"ember-out/intents/intents.ember\"",
    );
    fs::write(dir.path().join("ember.toml"), again).unwrap();
    let output = emberc(&dir, &["inspect", "ember.toml"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("ember-out/intents/intents.ember "),
        "{said}{stderr}"
    );
}

#[test]
fn a_column_of_sentences_is_guessed_to_be_a_text() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("commands.csv"), commands(400)).unwrap();
    let board = emberc::boards::find("stm32vldiscovery").unwrap();
    let path = dir.path().join("commands.csv");
    let question = emberc::fit::Question {
        data: &path,
        labels: None,
        board: &board,
        name: "commands",
        minutes: 1.0,
        dir: dir.path(),
    };
    let toml = emberc::fit::guess(&question).unwrap().toml();
    for line in [
        "text = \"text\"",
        "label = \"intent\"",
        "space = \"text\"",
        "window = ",
    ] {
        assert!(toml.contains(line), "{line}: {toml}");
    }
    let (_, parts) = data::parse(&toml, "ember.toml", dir.path()).unwrap();
    let texts = parts.text.unwrap();
    assert!((20..40).contains(&texts.tokens), "{} tokens", texts.tokens);
    assert!(
        parts
            .test
            .samples
            .iter()
            .all(|&number| number < texts.tokens as f32)
    );
}

#[test]
fn what_does_not_go_with_texts_is_said() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("commands.csv"), commands(60)).unwrap();
    for (from, to, expected) in [
        ("window = 48\n", "", "`text` needs `window`"),
        (
            "window = 48\n",
            "window = 48\nnormalize = \"range\"\n",
            "`normalize` does not go with a text",
        ),
        ("text = \"text\"", "text = \"words\"", "words"),
    ] {
        let text = JOB.replace(from, to);
        let problems = data::parse(&text, "ember.toml", dir.path()).unwrap_err();
        let said: Vec<String> = problems
            .problems
            .iter()
            .map(|problem| problem.message.clone())
            .collect();
        assert!(said.concat().contains(expected), "{said:?}");
    }
    let text = JOB.replace("trials = 2", "space = \"cnn1d\"\ntrials = 2");
    fs::write(dir.path().join("ember.toml"), text).unwrap();
    let output = emberc(&dir, &["search"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the bytes of a text are none"), "{said}");
}
