//! `ember.toml`: what is accepted, and what is said about what is not. Bless the expected text with
//! `UPDATE_EXPECT=1`.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use emberc::config::{Job, Problems, Split, keys};
use expect_test::{Expect, expect};
use miette::{GraphicalReportHandler, GraphicalTheme};
use proptest::prelude::*;

/// A folder with a data file to point at.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("samples.csv"), "1,2,a\n3,4,b\n").unwrap();
    dir
}

fn render(problems: &Problems) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut text, problems)
        .unwrap();
    text
}

fn check(text: &str, expected: &Expect) {
    let dir = folder();
    let problems = Job::parse(text, "ember.toml", dir.path()).unwrap_err();
    let shown = render(&problems).replace(&dir.path().display().to_string(), "DIR");
    expected.assert_eq(&shown);
}

const GOOD: &str = r#"
[model]
name = "tiny"
[data]
file = "samples.csv"
[board]
name = "microbit"
"#;

#[test]
fn a_short_file_is_a_job_with_all_defaults() {
    let dir = folder();
    let job = Job::parse(GOOD, "ember.toml", dir.path()).unwrap();
    assert_eq!(job.name, "tiny");
    assert_eq!(job.data.file, dir.path().join("samples.csv"));
    assert_eq!(job.data.test, Split::Fraction(0.2));
    assert_eq!(job.board.limits.flash_bytes, 256 * 1024);
    assert_eq!(job.board.limits.ram_bytes, 16 * 1024);
    assert_eq!(job.output, dir.path().join("ember-out"));
}

#[test]
fn limits_can_be_given_by_hand() {
    let dir = folder();
    let by_hand = "[board]\ncore = \"cortex-m4\"\nflash = \"128K\"\nram = \"8K\"\n";
    let text = GOOD.replace("[board]\nname = \"microbit\"\n", by_hand);
    let job = Job::parse(&text, "ember.toml", dir.path()).unwrap();
    assert_eq!(job.board.limits.flash_bytes, 128 * 1024);
    assert_eq!(job.board.limits.ram_bytes, 8 * 1024);
    assert_eq!(job.board.board.name, "mps2-an386");
}

#[test]
fn every_problem_is_shown_in_its_place_at_once() {
    check(
        r#"
[model]
nmae = "tiny"
[data]
file = "missing.csv"
test = "last 500"
hop = "ten"
[board]
name = "microbits"
flash = "2T"
[serach]
trials = 10
[search]
strategy = "evolution"
trials = 0
"#,
        &expect![[r#""#]],
    );
}

#[test]
fn impossible_limits_are_refused() {
    check(
        &GOOD.replace("\"microbit\"", "\"microbit\"\nflash = \"1M\"\nram = 100"),
        &expect![[r#""#]],
    );
}

#[test]
fn a_board_is_given_once_and_in_one_way() {
    check(&GOOD.replace("name = \"microbit\"", ""), &expect![[r#""#]]);
    check(
        &GOOD.replace(
            "name = \"microbit\"",
            "name = \"microbit\"\ncore = \"cortex-m3\"",
        ),
        &expect![[r#""#]],
    );
}

#[test]
fn groups_need_a_column_and_names_are_identifiers() {
    let text = GOOD
        .replace(
            "file = \"samples.csv\"",
            "file = \"samples.csv\"\ntest = { groups = [1] }",
        )
        .replace("\"tiny\"", "\"My Model\"");
    check(&text, &expect![[r#""#]]);
}

#[test]
fn text_that_is_no_toml_is_shown_too() {
    check("[model\nname = tiny\n", &expect![[r#""#]]);
}

#[test]
fn every_key_is_documented() {
    for key in keys::KEYS {
        assert!(
            key.doc.ends_with('.'),
            "{}.{} needs a sentence",
            key.section,
            key.name
        );
        assert!(
            keys::SECTIONS
                .iter()
                .any(|(section, _)| *section == key.section)
        );
        assert!(keys::reference().contains(key.name));
    }
}

/// A value that may or may not be right for a key.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|x| format!("{x:?}")),
        any::<bool>().prop_map(|b| b.to_string()),
        ".{0,12}".prop_map(|text| format!("{text:?}")),
        Just("[1, 2, 3]".to_string()),
        Just("[[0, 1, 2]]".to_string()),
        Just("{ groups = [8] }".to_string()),
        Just("{ file = \"samples.csv\", labels = 3 }".to_string()),
        Just("\"tail 5\"".to_string()),
        Just("\"128K\"".to_string()),
        Just("1979-05-27".to_string()),
        "[ -~]{0,8}",
    ]
}

fn line() -> impl Strategy<Value = String> {
    let known = (0..keys::KEYS.len(), value()).prop_map(|(at, value)| {
        format!(
            "{}.{} = {value}",
            keys::KEYS[at].section,
            keys::KEYS[at].name
        )
    });
    prop_oneof![known, "[ -~]{0,30}".prop_map(|text| text)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_toml_gives_a_job_or_diagnostics(lines in proptest::collection::vec(line(), 0..12)) {
        let text = lines.join("\n");
        if let Err(problems) = Job::parse(&text, "ember.toml", Path::new("nowhere")) {
            prop_assert!(!problems.problems.is_empty());
            prop_assert!(!render(&problems).is_empty());
        }
    }

    #[test]
    fn any_text_gives_a_job_or_diagnostics(text in "\\PC{0,200}") {
        if let Err(problems) = Job::parse(&text, "ember.toml", Path::new("nowhere")) {
            prop_assert!(!render(&problems).is_empty());
        }
    }
}
