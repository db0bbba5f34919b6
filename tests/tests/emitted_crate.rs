//! What the emitter writes: whole crates against the files in `data/emitted`, and what cargo says about
//! them on this machine. `UPDATE_EXPECT=1` writes the files anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ember_codegen::emit::{EmitError, Golden, Package, Provenance, emit};
use ember_codegen::plan::Planned;
use ember_codegen::target::Limits;
use ember_ir::Element::{self, Int8, Int16};
use ember_tests::firmware::{board, cargo, work_dir, write_package};
use ember_tests::models::{MODELS, Model, golden, provenance};
use ember_tests::random_graphs;

/// The board of each model of [`MODELS`].
const BOARDS: [&str; 3] = ["stm32vldiscovery", "microbit", "nucleo-f446re"];

fn package(model: &Model, board_name: &str) -> Package {
    let planned = model.planned();
    let board = board(board_name);
    let golden = golden(&planned, 4);
    emit(
        &planned,
        &board,
        &Limits::of(&board),
        &provenance(model),
        &golden,
    )
    .unwrap_or_else(|error| panic!("{}: {error}", model.name))
}

#[test]
fn whole_crates_are_as_expected() {
    let mut differences = Vec::new();
    for (model, board) in MODELS.iter().zip(BOARDS) {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("data/emitted")
            .join(model.name);
        let package = package(model, board);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            ember_tests::firmware::write_files(&package.files, &dir);
        }
        let expected = read(&dir);
        for path in package.files.keys().chain(expected.keys()) {
            let (actual, expected) = (package.files.get(path), expected.get(path));
            if actual != expected {
                let line = |bytes: Option<&Vec<u8>>| bytes.map_or(0, |b| b.len());
                let path = dir.join(path).display().to_string();
                differences.push(format!(
                    "{path}: {} bytes, expected {}{}",
                    line(actual),
                    line(expected),
                    first_difference(actual, expected)
                ));
            }
        }
    }
    differences.sort();
    differences.dedup();
    assert!(
        differences.is_empty(),
        "emitted crates changed; if that is right, run again with UPDATE_EXPECT=1:\n{}",
        differences.join("\n")
    );
}

fn first_difference(actual: Option<&Vec<u8>>, expected: Option<&Vec<u8>>) -> String {
    let text = |bytes: Option<&Vec<u8>>| bytes.and_then(|b| String::from_utf8(b.clone()).ok());
    let (Some(actual), Some(expected)) = (text(actual), text(expected)) else {
        return String::new();
    };
    let pairs = actual.lines().zip(expected.lines()).zip(1..);
    let found = pairs
        .into_iter()
        .find(|((actual, expected), _)| actual != expected);
    found.map_or_else(String::new, |((actual, expected), number)| {
        format!("\n  line {number}\n  - {expected}\n  + {actual}")
    })
}

fn read(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders: Vec<PathBuf> = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("below the folder");
                let name = name.to_string_lossy().replace('\\', "/");
                files.insert(name, fs::read(&path).expect("a readable file"));
            }
        }
    }
    files
}

#[test]
fn equal_networks_give_equal_bytes() {
    for (model, board) in MODELS.iter().zip(BOARDS) {
        assert_eq!(
            package(model, board),
            package(model, board),
            "{}",
            model.name
        );
    }
}

#[test]
fn emitted_rust_has_no_unsafe_and_no_path_of_this_machine() {
    for (model, board) in MODELS.iter().zip(BOARDS) {
        for (path, bytes) in package(model, board).files {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(!text.contains(env!("CARGO_MANIFEST_DIR")), "{path}");
            if path.ends_with(".rs") {
                let code = text.replace("unsafe_code", "");
                assert!(!code.contains("unsafe"), "{path}");
                assert!(text.starts_with("// @generated"), "{path}");
            }
        }
    }
}

#[test]
fn crates_pass_their_tests_and_clippy_on_this_machine() {
    let target = work_dir("target");
    for (model, board) in MODELS.iter().zip(BOARDS) {
        let dir = work_dir("emitted").join(model.name);
        write_package(&package(model, board), &dir);
        for args in [
            &["test"][..],
            &["clippy", "--all-targets", "--", "-Dwarnings"],
        ] {
            let output = cargo(&dir, &target, args);
            let text = output.unwrap_or_else(|text| panic!("{}: {args:?}: {text}", model.name));
            assert!(
                !text.contains("warning"),
                "{}: {args:?}: {text}",
                model.name
            );
        }
    }
}

/// Crates whose input or output is int16: their vectors are bytes, their own functions have `i16`.
#[test]
fn crates_of_int16_pass_their_tests_and_clippy_on_this_machine() {
    let target = work_dir("target");
    let board = board("mps2-an386");
    let ends = |graph: &ember_ir::Graph| -> [Element; 2] {
        [graph.inputs[0], graph.outputs[0]].map(|id| graph.tensor(id).element)
    };
    for wanted in [[Int16, Int16], [Int16, Int8], [Int8, Int16]] {
        let networks = (0..).map(|seed| random_graphs::int16(seed, 5));
        let mut networks = networks.filter(|network| ends(&network.graph) == wanted);
        let network = networks.next().expect("one of many");
        let planned = Planned::new(network, board.isa()).expect("a valid network");
        let vectors = golden(&planned, 5);
        let limits = Limits::of(&board);
        let package =
            emit(&planned, &board, &limits, &Provenance::default(), &vectors).expect("a crate");
        let dir = work_dir("emitted").join(format!("int16_{:?}_{:?}", wanted[0], wanted[1]));
        write_package(&package, &dir);
        for args in [
            &["test"][..],
            &["clippy", "--all-targets", "--", "-Dwarnings"],
        ] {
            let output = cargo(&dir, &target, args);
            let text = output.unwrap_or_else(|text| panic!("{wanted:?}: {args:?}: {text}"));
            assert!(!text.contains("warning"), "{wanted:?}: {args:?}: {text}");
        }
    }
}

#[test]
fn what_has_no_single_input_and_output_is_refused() {
    let board = board("microbit");
    let limits = Limits::of(&board);
    let (mut refused, mut several) = (0, 0);
    for seed in 0..60 {
        let network = random_graphs::quantized(seed, 5, ember_ir::Rounding::Single);
        let ends = [network.graph.inputs.len(), network.graph.outputs.len()];
        let planned =
            Planned::new(network, ember_codegen::plan::Isa::Any).expect("a valid network");
        let result = emit(&planned, &board, &limits, &Provenance::default(), &[]);
        match result {
            Ok(_) => {
                assert_eq!(ends[0], 1, "seed {seed}");
                several += usize::from(ends[1] > 1);
            }
            Err(EmitError::Inputs { count, .. }) => {
                assert_eq!(count, ends[0]);
                refused += 1;
            }
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
    assert!(refused > 0 && several > 0, "{refused}, {several}");
}

#[test]
fn golden_vectors_and_class_names_have_the_networks_lengths() {
    let planned = MODELS[0].planned();
    let board = board("microbit");
    let limits = Limits::of(&board);
    let mut vectors = golden(&planned, 2);
    vectors[1].output.push(0);
    let result = emit(&planned, &board, &limits, &Provenance::default(), &vectors);
    let error = EmitError::Golden {
        index: 1,
        what: "output",
        expected: 3,
        actual: 4,
    };
    assert_eq!(result, Err(error));
    let two = Provenance {
        classes: vec!["a".into(), "b".into()],
        ..Provenance::default()
    };
    let none: &[Golden] = &[];
    let result = emit(&planned, &board, &limits, &two, none);
    assert_eq!(
        result,
        Err(EmitError::Classes {
            expected: 3,
            actual: 2
        })
    );
}
