//! `emberc fit`: what is guessed from data of every kind, and that a guess runs. Bless with
//! `UPDATE_EXPECT=1`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod arrays;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arrays::{npy, npz};
use expect_test::{Expect, expect};

fn emberc(arguments: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The keys that are guessed for `data` in `dir`, without comments, board, search and training.
fn check(data: &str, dir: &Path, expected: &Expect) {
    let arguments = ["fit", data, "--board", "stm32vldiscovery", "--dry-run"];
    let output = emberc(&arguments, dir);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let toml = fs::read_to_string(dir.join("ember.toml")).unwrap();
    let (toml, _) = toml.split_once("[board]").unwrap();
    let lines = toml
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    expected.assert_eq(&(lines.collect::<Vec<_>>().join("\n") + "\n"));
    // What is written is a job, and its data keeps its promises.
    let output = emberc(&["inspect", "ember.toml"], dir);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    fs::remove_file(dir.join("ember.toml")).unwrap();
}

/// A grey picture of one brightness.
fn picture(path: &Path, [width, height]: [u32; 2], brightness: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    image::GrayImage::from_pixel(width, height, image::Luma([brightness]))
        .save(path)
        .unwrap();
}

/// So many pictures of a dark class and of a bright one.
fn two_classes(
    classes: [&str; 2],
    count: u32,
    size: [u32; 2],
    path: impl Fn(&str, u32) -> PathBuf,
) {
    for number in 0..count {
        for (class, brightness) in classes.into_iter().zip([50, 200]) {
            picture(&path(class, number), size, brightness);
        }
    }
}

#[test]
fn tables_are_understood() {
    let dir = tempfile::tempdir().unwrap();
    let mut csv = String::from("Id,length,width,Species\n");
    for row in 0..40 {
        let class = ["setosa", "virginica"][row % 2];
        csv.push_str(&format!("{},{}.5,{},{class}\n", row + 1, row % 7, row % 5));
    }
    fs::write(dir.path().join("iris.csv"), csv).unwrap();
    check(
        "iris.csv",
        dir.path(),
        &expect![[r#"
            [model]
            name = "iris"
            [data]
            file = "iris.csv"
            label = "Species"
            ignore = ["Id"]
            validation = 0.2
            test = 0.2
        "#]],
    );
    // A recording of six people: rows are windows of a series, divided by person.
    let mut csv = String::from("time,ax,ay,az,activity,subject\n");
    for row in 0..6 * 2 * 100 {
        let (subject, activity) = (row / 200, ["sit", "walk"][row / 100 % 2]);
        csv.push_str(&format!("{row}.5,0.1,{},1,{activity},{subject}\n", row % 9));
    }
    fs::write(dir.path().join("watch.csv"), csv).unwrap();
    check(
        "watch.csv",
        dir.path(),
        &expect![[r#"
            [model]
            name = "watch"
            [data]
            file = "watch.csv"
            label = "activity"
            group = "subject"
            ignore = ["time"]
            window = 32
            axes = [[0, 1, 2]]
            validation = { groups = ["4"] }
            test = { groups = ["5"] }
        "#]],
    );
    let output = emberc(&["new", "watch.csv", "--output", "new.toml"], dir.path());
    assert_eq!(output.status.code(), Some(2), "a word is no feature");
}

#[test]
fn arrays_are_understood() {
    let dir = tempfile::tempdir().unwrap();
    let words = |words: &[&str]| -> Vec<u8> {
        let letters = words
            .iter()
            .flat_map(|word| format!("{word:\0<4}").into_bytes());
        letters.flat_map(|letter| [letter, 0, 0, 0]).collect()
    };
    let x = npy("|u1", "(30, 20, 3)", &[7; 1800]);
    let numbers: Vec<u8> = (0..30).map(|sample| sample % 3).collect();
    let numbers = npy("|u1", "(30,)", &numbers);
    let names = npy("<U4", "(3,)", &words(&["sit", "walk", "run"]));
    let named = npz(&[("X", x.clone()), ("y", numbers.clone()), ("classes", names)]);
    fs::write(dir.path().join("named.npz"), named).unwrap();
    check(
        "named.npz",
        dir.path(),
        &expect![[r#"
        [model]
        name = "named"
        [data]
        file = "named.npz"
        input = "X"
        label = "y"
        classes = ["sit", "walk", "run"]
        axes = [[0, 1, 2]]
        validation = 0.2
        test = 0.2
    "#]],
    );
    // Too few names are names of something else.
    let names = npy("<U4", "(2,)", &words(&["sit", "walk"]));
    let other = npz(&[("X", x.clone()), ("y", numbers), ("classes", names)]);
    fs::write(dir.path().join("other.npz"), other).unwrap();
    check(
        "other.npz",
        dir.path(),
        &expect![[r#"
        [model]
        name = "other"
        [data]
        file = "other.npz"
        input = "X"
        label = "y"
        axes = [[0, 1, 2]]
        validation = 0.2
        test = 0.2
    "#]],
    );
    // Labels that are words.
    let labels: Vec<&str> = (0..30).map(|sample| ["up", "down"][sample % 2]).collect();
    let labels = npy("<U4", "(30,)", &words(&labels));
    fs::write(
        dir.path().join("words.npz"),
        npz(&[("x", x), ("label", labels)]),
    )
    .unwrap();
    check(
        "words.npz",
        dir.path(),
        &expect![[r#"
        [model]
        name = "words"
        [data]
        file = "words.npz"
        input = "x"
        label = "label"
        axes = [[0, 1, 2]]
        validation = 0.2
        test = 0.2
    "#]],
    );
}

#[test]
fn folders_of_pictures_are_understood() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..6 {
        for (class, brightness) in [("cat", 50), ("dog", 200)] {
            let path = dir.path().join(format!("pets/{class}/{number}.png"));
            picture(&path, [40 + number, 50], brightness);
        }
    }
    check(
        "pets",
        dir.path(),
        &expect![[r#"
            [model]
            name = "pets"
            [data]
            file = "pets"
            shape = [40, 40, 1]
            validation = 0.2
            test = 0.2
        "#]],
    );
    for (part, count) in [("train", 6), ("test", 3)] {
        two_classes(["cat", "dog"], count, [8, 9], |class, number| {
            dir.path()
                .join(format!("parts/{part}/{class}/{number}.png"))
        });
    }
    check(
        "parts",
        dir.path(),
        &expect![[r#"
            [model]
            name = "parts"
            [data]
            file = "parts/train"
            test = { file = "parts/test" }
            validation = 0.2
        "#]],
    );
    for writer in ["ann", "bob", "cy"] {
        two_classes(["0", "1"], 4, [8, 8], |class, number| {
            dir.path()
                .join(format!("flat/{class}_{writer}_{number}.bmp"))
        });
    }
    check(
        "flat",
        dir.path(),
        &expect![[r#"
            [model]
            name = "flat"
            [data]
            file = "flat"
            names = "{label}_{group}_*"
            validation = { groups = ["bob"] }
            test = { groups = ["cy"] }
        "#]],
    );
    // Files of a folder by their names.
    let config = "[model]\nname = \"flat\"\n[data]\nfile = \"flat\"\nnames = \"{label}_*\"\n\
                  test = { names = [\"*_[0-1].bmp\"] }\n[board]\nname = \"microbit\"\n";
    fs::write(dir.path().join("names.toml"), config).unwrap();
    let output = emberc(&["inspect", "names.toml"], dir.path());
    assert!(
        text(&output.stdout).contains("12 test"),
        "{}",
        text(&output.stdout)
    );
    fs::write(dir.path().join("names.toml"), config.replace("[0-1]", "9")).unwrap();
    let output = emberc(&["inspect", "names.toml"], dir.path());
    assert!(text(&output.stderr).contains("no file is named like"));
}

/// A tone with a rate.
fn recording(path: &Path, rate: u32, seconds: f64, pitch: f64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for at in 0..(seconds * f64::from(rate)) as usize {
        let phase = std::f64::consts::TAU * pitch * at as f64 / f64::from(rate);
        writer.write_sample((8000.0 * phase.sin()) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

#[test]
fn folders_of_recordings_become_verified_firmware() {
    let dir = tempfile::tempdir().unwrap();
    for (number, speaker) in ["ann", "bob", "cy"].into_iter().enumerate() {
        for take in 0..6 {
            for (class, pitch) in [("low", 300.0), ("high", 2000.0)] {
                let path = dir
                    .path()
                    .join(format!("tones/{class}_{speaker}_{take}.wav"));
                let seconds = 0.3 + 0.01 * f64::from(take);
                recording(&path, 8000, seconds, pitch + 50.0 * number as f64);
            }
        }
    }
    check(
        "tones",
        dir.path(),
        &expect![[r#"
            [model]
            name = "tones"
            [data]
            file = "tones"
            names = "{label}_{group}_*"
            window = 22
            validation = { groups = ["bob"] }
            test = { groups = ["cy"] }
            [audio]
            rate = 8000
            frame = 256
            hop = 128
            bands = 24
            loudness = "relative"
        "#]],
    );
    let arguments = [
        "fit",
        "tones",
        "--board",
        "mps2-an386",
        "--minutes",
        "0.02",
        "--json",
    ];
    let output = emberc(&arguments, dir.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["samples"], 12);
    assert_eq!(report["samples_equal"], 12);
    assert_eq!(
        report["arena_predicted_bytes"],
        report["arena_linked_bytes"]
    );
    assert_eq!(
        report["constants_predicted_bytes"],
        report["constants_linked_bytes"]
    );
    let made = dir.path().join("ember-out/tones");
    let samples = fs::metadata(made.join("verify/samples.bin")).unwrap().len();
    assert_eq!(
        samples,
        12 * 2 * 128 * 23,
        "sound, with what the first row reaches back to"
    );
    // The folder alone is enough to verify it again.
    let output = emberc(&["verify", "ember-out/tones", "--json"], dir.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn what_cannot_be_guessed_is_said_and_nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("noise.csv"),
        "a,b\n0.1,0.2\n0.3,0.4\n0.5,0.6\n",
    )
    .unwrap();
    fs::create_dir(dir.path().join("empty")).unwrap();
    fs::write(dir.path().join("x.npy"), b"").unwrap();
    for (data, says) in [
        ("noise.csv", "no column looks like a class"),
        ("empty", "no samples"),
        ("x.npy", "--labels"),
        ("nowhere", "there is no nowhere"),
    ] {
        let output = emberc(&["fit", data, "--board", "microbit"], dir.path());
        assert_eq!(output.status.code(), Some(2));
        let error = text(&output.stderr);
        assert!(error.contains(says), "{data}: {error}");
        assert!(!dir.path().join("ember.toml").exists());
    }
    fs::write(dir.path().join("good.csv"), "1.5,a\n2,b\n4,a\n3,b\n").unwrap();
    fs::write(dir.path().join("ember.toml"), "mine").unwrap();
    let arguments = ["fit", "good.csv", "--board", "microbit", "--dry-run"];
    let output = emberc(&arguments, dir.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--force"));
    assert_eq!(
        fs::read_to_string(dir.path().join("ember.toml")).unwrap(),
        "mine"
    );
    let output = emberc(&[&arguments[..], &["--force"]].concat(), dir.path());
    assert_eq!(output.status.code(), Some(0));
    assert!(
        fs::read_to_string(dir.path().join("ember.toml"))
            .unwrap()
            .contains("good.csv")
    );
}

#[test]
fn a_guess_becomes_verified_firmware() {
    let dir = tempfile::tempdir().unwrap();
    let rows = (0..60).map(|row| format!("{},{},{}\n", row % 2, row % 7, ["a", "b"][row % 2]));
    fs::write(dir.path().join("easy.csv"), rows.collect::<String>()).unwrap();
    let arguments = ["fit", "easy.csv", "--board", "microbit", "--out", "here"];
    let more = ["--minutes", "0.02", "--json"];
    let output = emberc(&[&arguments[..], &more].concat(), dir.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["samples_equal"], report["samples"]);
    assert!(dir.path().join("here/ember-out/easy/Cargo.toml").is_file());
    assert!(
        text(&output.stderr).contains("data.label"),
        "guesses are said"
    );
}
