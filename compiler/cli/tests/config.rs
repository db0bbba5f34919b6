//! `ember.toml`: what is accepted, and what is said about what is not. Bless the expected text with
//! `UPDATE_EXPECT=1`.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use ember_ir::Activation;
use ember_search::space::{Kind, Narrowing};
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
        .with_width(400)
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
        &expect![[r#"
              × ember.toml has 10 problems

            Error: 
              × unknown key `nmae` in [model]
               ╭─[ember.toml:3:1]
             2 │ [model]
             3 │ nmae = "tiny"
               · ──┬─
               ·   ╰── not known
             4 │ [data]
               ╰────
              help: did you mean `name`?

            Error: 
              × there is no file DIR/missing.csv
               ╭─[ember.toml:5:8]
             4 │ [data]
             5 │ file = "missing.csv"
               ·        ──────┬──────
               ·              ╰── not found
             6 │ test = "last 500"
               ╰────
              help: paths are relative to the folder of the configuration

            Error: 
              × `test` must be a fraction such as 0.2, "tail 500", { groups = [8, 9] }, { names = ["*_0.wav"] } or { file = "…" }, not the string "last 500"
               ╭─[ember.toml:6:8]
             5 │ file = "missing.csv"
             6 │ test = "last 500"
               ·        ─────┬────
               ·             ╰── expected a fraction such as 0.2, "tail 500", { groups = [8, 9] }, { names = ["*_0.wav"] } or { file = "…" }
             7 │ hop = "ten"
               ╰────

            Error: 
              × `hop` must be an integer from 0 to 1048576, not the string "ten"
               ╭─[ember.toml:7:7]
             6 │ test = "last 500"
             7 │ hop = "ten"
               ·       ──┬──
               ·         ╰── expected an integer from 0 to 1048576
             8 │ [board]
               ╰────

            Error: 
              × there is no board "microbits"
                ╭─[ember.toml:9:8]
              8 │ [board]
              9 │ name = "microbits"
                ·        ─────┬─────
                ·             ╰── here
             10 │ flash = "2T"
                ╰────
              help: did you mean "microbit"?

            Error: 
              × `flash` must be a size such as "128K", not the string "2T"
                ╭─[ember.toml:10:9]
              9 │ name = "microbits"
             10 │ flash = "2T"
                ·         ──┬─
                ·           ╰── expected a size such as "128K"
             11 │ [serach]
                ╰────

            Error: 
              × unknown table `serach`
                ╭─[ember.toml:11:2]
             10 │ flash = "2T"
             11 │ [serach]
                ·  ───┬──
                ·     ╰── not known
             12 │ trials = 10
                ╰────
              help: did you mean [search]?

            Error: 
              × `strategy` cannot be "evolution"
                ╭─[ember.toml:14:12]
             13 │ [search]
             14 │ strategy = "evolution"
                ·            ─────┬─────
                ·                 ╰── here
             15 │ trials = 0
                ╰────
              help: it is one of aging-evolution, nsga2, reinforce, darts, pc-darts, gdas, dnas, random

            Error: 
              × `trials` must be an integer from 1 to 1000000, not 0
                ╭─[ember.toml:15:10]
             14 │ strategy = "evolution"
             15 │ trials = 0
                ·          ┬
                ·          ╰── expected an integer from 1 to 1000000
                ╰────

            Error: 
              × `name` in [model] is missing
              help: add `name = "my_model"` under [model]
        "#]],
    );
}

#[test]
fn impossible_limits_are_refused() {
    check(
        &GOOD.replace("\"microbit\"", "\"microbit\"\nflash = \"1M\"\nram = 100"),
        &expect![[r#"
              × ember.toml has 2 problems

            Error: 
              × `flash` of 1 MiB is more than microbit has: 256 KiB
               ╭─[ember.toml:8:9]
             7 │ name = "microbit"
             8 │ flash = "1M"
               ·         ──┬─
               ·           ╰── here
             9 │ ram = 100
               ╰────
              help: leave the key out to use all of it

            Error: 
              × `ram` of 100 B cannot hold any firmware
               ╭─[ember.toml:9:7]
             8 │ flash = "1M"
             9 │ ram = 100
               ·       ─┬─
               ·        ╰── here
               ╰────
              help: the least that makes sense is 512 B
        "#]],
    );
}

#[test]
fn a_board_is_given_once_and_in_one_way() {
    check(
        &GOOD.replace("name = \"microbit\"", ""),
        &expect![[r#"
              × ember.toml has a problem

            Error: 
              × [board] names no board
              help: give one of `name = "microbit"` (`emberc boards` lists them), `core = "cortex-m4"` with flash and ram, or `file = "board.toml"`
        "#]],
    );
    check(
        &GOOD.replace(
            "name = \"microbit\"",
            "name = \"microbit\"\ncore = \"cortex-m3\"",
        ),
        &expect![[r#"
              × ember.toml has a problem

            Error: 
              × `core`: the board is given twice
               ╭─[ember.toml:8:8]
             7 │ name = "microbit"
             8 │ core = "cortex-m3"
               ·        ─────┬─────
               ·             ╰── here
               ╰────
              help: give one of `name = "microbit"` (`emberc boards` lists them), `core = "cortex-m4"` with flash and ram, or `file = "board.toml"`
        "#]],
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
    check(
        &text,
        &expect![[r#"
              × ember.toml has 2 problems

            Error: 
              × "My Model" cannot name a crate and its type
               ╭─[ember.toml:3:8]
             2 │ [model]
             3 │ name = "My Model"
               ·        ─────┬────
               ·             ╰── here
             4 │ [data]
               ╰────
              help: a name is a Rust identifier in snake case (a–z, 0–9, _; at most 40 characters), no keyword and no name of a crate that the firmware uses

            Error: 
              × `test` asks for groups, but the data has none
               ╭─[ember.toml:6:8]
             5 │ file = "samples.csv"
             6 │ test = { groups = [1] }
               ·        ────────┬───────
               ·                ╰── here
             7 │ [board]
               ╰────
              help: name the column with `group = "subject"`; for a folder, `names` with {group}
        "#]],
    );
}

#[test]
fn folds_are_for_validation_and_of_a_sensible_number() {
    let with = |keys: &str| {
        GOOD.replace(
            "file = \"samples.csv\"",
            &format!("file = \"samples.csv\"\n{keys}"),
        )
    };
    check(
        &with("test = { folds = 3 }\nvalidation = { folds = 1 }"),
        &expect![[r#"
              × ember.toml has 2 problems

            Error: 
              × `test` cannot be folds: each would train networks that another judges
               ╭─[ember.toml:6:8]
             5 │ file = "samples.csv"
             6 │ test = { folds = 3 }
               ·        ──────┬──────
               ·              ╰── here
             7 │ validation = { folds = 1 }
               ╰────
              help: take a fraction, or groups of its own; `validation` may be folds

            Error: 
              × `validation` must be a fraction such as 0.2, "tail 500", { groups = [8, 9] }, { names = ["*_0.wav"] }, { folds = 3 } (2 to 20) or { file = "…" }, not a table
               ╭─[ember.toml:7:14]
             6 │ test = { folds = 3 }
             7 │ validation = { folds = 1 }
               ·              ──────┬──────
               ·                    ╰── expected a fraction such as 0.2, "tail 500", { groups = [8, 9] }, { names = ["*_0.wav"] }, { folds = 3 } (2 to 20) or { file = "…" }
             8 │ [board]
               ╰────
        "#]],
    );
    let anomaly = with("validation = { folds = 3 }\nnormal = \"a\"")
        .replace("name = \"tiny\"", "name = \"tiny\"\ntask = \"anomaly\"");
    check(
        &anomaly,
        &expect![[r#"
          × ember.toml has a problem

        Error: 
          × the threshold of anomalies needs samples that the network has not been trained on
           ╭─[ember.toml:7:14]
         6 │ file = "samples.csv"
         7 │ validation = { folds = 3 }
           ·              ──────┬──────
           ·                    ╰── here
         8 │ normal = "a"
           ╰────
          help: take a fraction or groups instead of folds
    "#]],
    );
}

#[test]
fn copies_of_half_the_width_inherit_nothing() {
    let with = |search: &str| format!("{GOOD}[search]\nproxy_network = true\n{search}");
    check(
        &with("inherit = true\n"),
        &expect![[r#"
          × ember.toml has a problem

        Error: 
          × `inherit` does not go with `proxy_network`: a copy of half the width has other weights
            ╭─[ember.toml:10:11]
          9 │ proxy_network = true
         10 │ inherit = true
            ·           ──┬─
            ·             ╰── here
            ╰────
          help: leave one of them out
    "#]],
    );
    let job = Job::parse(&with(""), "ember.toml", folder().path());
    assert!(!job.unwrap().search.inherit);
}

#[test]
fn text_that_is_no_toml_is_shown_too() {
    check(
        "[model\nname = tiny\n",
        &expect![[r#"
              × ember.toml has 5 problems

            Error: 
              × not TOML: unclosed table, expected `]`
               ╭─[ember.toml:1:7]
             1 │ [model
               ·       ▲
               ·       ╰── here
             2 │ name = tiny
               ╰────

            Error: 
              × unknown table `name`
               ╭─[ember.toml:2:1]
             1 │ [model
             2 │ name = tiny
               · ──┬─
               ·   ╰── not known
               ╰────
              help: `name` belongs under [model]

            Error: 
              × `name` in [model] is missing
              help: add `name = "my_model"` under [model]

            Error: 
              × `file` in [data] is missing
              help: add `file = "samples.csv"` under [data]

            Error: 
              × [board] names no board
              help: give one of `name = "microbit"` (`emberc boards` lists them), `core = "cortex-m4"` with flash and ram, or `file = "board.toml"`
        "#]],
    );
}

#[test]
fn a_space_is_narrowed_by_ranges_and_lists() {
    let dir = folder();
    let text = format!(
        "{GOOD}[space]\ndepth = [1, 3]\nkernel = 3\nblocks = [\"conv\", \"max-pool\"]\nactivations = [\"relu6\"]\n"
    );
    let narrowing = Job::parse(&text, "ember.toml", dir.path())
        .unwrap()
        .search
        .narrowing;
    let expected = Narrowing {
        depth: Some(1..=3),
        kernel: Some(3..=3),
        blocks: vec![Kind::Conv, Kind::MaxPool],
        activations: vec![Activation::Relu6],
        ..Narrowing::default()
    };
    assert_eq!(narrowing, expected);
    // Every word that the table of keys offers is one that the spaces know.
    for key in keys::KEYS.iter().filter(|key| key.section == "space") {
        if let keys::Kind::Choices(choices) = key.kind {
            let text = format!("{GOOD}[space]\n{} = {choices:?}\n", key.name);
            assert!(
                Job::parse(&text, "ember.toml", dir.path()).is_ok(),
                "{}",
                key.name
            );
        }
    }
    check(
        &format!("{GOOD}[space]\nwidth = [16, 8]\nheads = [\"meen\"]\nblocks = []\n"),
        &expect![[r#"
              × ember.toml has 3 problems

            Error: 
              × `width` must be an integer from 1 to 4096, or the least and the most, in this order, such as [1, 5], not an array
                ╭─[ember.toml:9:9]
              8 │ [space]
              9 │ width = [16, 8]
                ·         ───┬───
                ·            ╰── expected an integer from 1 to 4096, or the least and the most, in this order, such as [1, 5]
             10 │ heads = ["meen"]
                ╰────

            Error: 
              × `heads` cannot be "meen"
                ╭─[ember.toml:10:9]
              9 │ width = [16, 8]
             10 │ heads = ["meen"]
                ·         ────┬───
                ·             ╰── here
             11 │ blocks = []
                ╰────
              help: did you mean "mean"?

            Error: 
              × `blocks` must be an array of at least one of conv, separable, residual, inverted-residual, max-pool, average-pool, dense, gru, lstm, darts-cell, not an array
                ╭─[ember.toml:11:10]
             10 │ heads = ["meen"]
             11 │ blocks = []
                ·          ─┬
                ·           ╰── expected an array of at least one of conv, separable, residual, inverted-residual, max-pool, average-pool, dense, gru, lstm, darts-cell
                ╰────
        "#]],
    );
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
        Just("{ folds = 3 }".to_string()),
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

#[test]
fn templates_are_read_with_or_without_numbers() {
    let dir = folder();
    let bare = "ember 1\nmodel a\ninput x 2\nlogits = dense x features=2\noutput logits\n";
    fs::write(dir.path().join("bare.ember"), bare).unwrap();
    let trained = "ember 1\nmodel a\ninput x 2 scale=1 zero=0\n\
                   logits = dense x features=2 -> 2 scale=2 zero=3 rounding=tflite\n  weights AQIDBA==\n\
                   output logits\n";
    fs::write(dir.path().join("trained.ember"), trained).unwrap();
    let text = format!("{GOOD}[space]\ntemplate = [\"bare.ember\", \"trained.ember\"]\n");
    let job = Job::parse(&text, "ember.toml", dir.path()).unwrap();
    let [first, second] = job.search.templates.as_slice() else {
        panic!("two files are two templates");
    };
    assert_eq!(first.file, "bare.ember");
    assert_eq!(first.graph, second.graph);
}

#[test]
fn templates_that_cannot_be_read_are_shown() {
    check(
        &format!("{GOOD}[space]\ntemplate = \"nowhere.ember\"\n"),
        &expect![[r#"
              × ember.toml has a problem

            Error: 
              × DIR/nowhere.ember: No such file or directory (os error 2)
               ╭─[ember.toml:9:12]
             8 │ [space]
             9 │ template = "nowhere.ember"
               ·            ───────┬───────
               ·                   ╰── here
               ╰────
              help: a template is a network in Ember's text form, such as ember-out/NAME/NAME.ember of an earlier run; its path is relative to the configuration
        "#]],
    );
    check(
        &format!("{GOOD}[space]\ntemplate = [\"samples.csv\"]\n"),
        &expect![[r#"
              × ember.toml has a problem

            Error: 
              × DIR/samples.csv: line 1, column 1: the first line must be 'ember 1'
               ╭─[ember.toml:9:12]
             8 │ [space]
             9 │ template = ["samples.csv"]
               ·            ───────┬───────
               ·                   ╰── here
               ╰────
              help: a template is a network in Ember's text form, such as ember-out/NAME/NAME.ember of an earlier run; its path is relative to the configuration
        "#]],
    );
    check(
        &format!("{GOOD}[space]\ntemplate = []\n"),
        &expect![[r#"
          × ember.toml has a problem

        Error: 
          × `template` must be a path, or an array of at least one, not an array
           ╭─[ember.toml:9:12]
         8 │ [space]
         9 │ template = []
           ·            ─┬
           ·             ╰── expected a path, or an array of at least one
           ╰────
    "#]],
    );
}
