//! `include_model!`: errors point at the name of the file in the user's source and say where in the file
//! they are, and a change of the file rebuilds.
//!
//! The cases are binaries of one crate that cargo checks (trybuild moves sources to another crate, where
//! paths relative to the manifest lead nowhere).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ember_tests::firmware::{cargo, root, work_dir, write_files};
use expect_test::{Expect, expect};

const MANIFEST: &str = r#"[package]
name = "macro-errors"
version = "0.1.0"
edition = "2024"
[workspace]
[dependencies]
ember-macros = { path = MACROS }
ember-runtime = { path = "vendor/ember-runtime" }
"#;

/// A crate with one binary per case that includes the network of the same name.
fn write(dir: &Path, cases: &[&str]) {
    let macros = format!("{:?}", root().join("macros"));
    let manifest = MANIFEST.replace("MACROS", &macros);
    let manifest = ember_tests::firmware::with_repository_paths(&manifest);
    let mut files = BTreeMap::from([("Cargo.toml".to_owned(), manifest.into_bytes())]);
    for case in cases {
        let source = format!("ember_macros::include_model!(\"{case}.ember\");\nfn main() {{}}\n");
        files.insert(format!("src/bin/{case}.rs"), source.into_bytes());
        let network = root()
            .join("tests/data/macro")
            .join(format!("{case}.ember"));
        if let Ok(bytes) = fs::read(network) {
            files.insert(format!("{case}.ember"), bytes);
        }
    }
    write_files(&files, dir);
}

/// The lines of cargo's output that name a place in a source file.
fn check(dir: &Path, case: &str) -> String {
    let args = ["check", "--quiet", "--message-format=short", "--bin", case];
    let text = match cargo(dir, &work_dir("target"), &args) {
        Ok(text) | Err(text) => text,
    };
    let mut lines = String::new();
    let mut inside = false;
    for line in text.lines() {
        // A message may go on in indented lines.
        inside = line.starts_with("src/") || (inside && line.starts_with(' '));
        if inside {
            lines += line;
            lines.push('\n');
        }
    }
    lines
}

#[test]
fn errors_point_at_the_file_name_and_into_the_file() {
    let dir = work_dir("macro-errors");
    let cases: [(&str, Expect); 5] = [
        ("good", expect![""]),
        (
            "missing",
            expect![[r#"
            src/bin/missing.rs:1:30: error: cannot read 'missing.ember': No such file or directory (os error 2)
        "#]],
        ),
        (
            "syntax",
            expect![[r#"
            src/bin/syntax.rs:1:30: error: 'syntax.ember', line 4, column 5: features=two is not a number that fits here
        "#]],
        ),
        (
            "invalid",
            expect![[r#"
            src/bin/invalid.rs:1:30: error: 'invalid.ember': the int8 network is not valid:
                     weights of node `y`, channel 1: scale -0.01 is not finite and positive
        "#]],
        ),
        (
            "two_inputs",
            expect![[r#"
            src/bin/two_inputs.rs:1:30: error: 'two_inputs.ember': network `two_inputs` has 2 inputs; an emitted model takes exactly 1: join them in front of the network
        "#]],
        ),
    ];
    write(&dir, &cases.each_ref().map(|(case, _)| *case));
    for (case, expected) in cases {
        expected.assert_eq(&check(&dir, case));
    }
}

#[test]
fn a_changed_network_is_compiled_anew() {
    let dir = work_dir("macro-rebuild");
    write(&dir, &["good"]);
    assert_eq!(check(&dir, "good"), "");
    let network = dir.join("good.ember");
    let text = fs::read_to_string(&network).expect("the network");
    fs::write(&network, text.replace("model good", "model")).expect("a writable file");
    assert!(check(&dir, "good").contains("model NAME"));
}
