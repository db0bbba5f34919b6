//! Crates of networks that find anomalies: their tests and clippy on this machine, and the integer score on a
//! device, which is the host's bit for bit. The score runs in QEMU as a model whose output it is.

use ember_codegen::anomaly::Scoring;
use ember_codegen::emit::{EmitError, Golden, Package, Provenance, emit};
use ember_codegen::front::{Front, Spec, Tables};
use ember_codegen::plan::{Isa, Planned};
use ember_codegen::target::{Board, Limits};
use ember_ir::{Rounding, Shape};
use ember_search::space::open;
use ember_search::{SpaceKind, Task};
use ember_tests::firmware::{board, build_firmware, cargo, run, work_dir, write_package};
use ember_tests::linked::sizes;
use ember_tests::models::{MODELS, golden, plan, quantized};

/// An autoencoder with random weights.
fn autoencoder(name: &str, input: &[usize], isa: Isa) -> Planned {
    let task = Task {
        name: name.into(),
        input: Shape::new(input.to_vec()),
        classes: 1,
        tokens: None,
    };
    let space = open(SpaceKind::Autoencoder, task).expect("an input with elements");
    let graph = space.build(&space.templates()[1]);
    plan(quantized(graph, Rounding::Single, 1), isa)
}

/// The same behind a front end: four rows of eight levels.
fn listening(isa: Isa) -> Planned {
    let planned = autoencoder("listening", &[32], isa);
    let spec = Spec {
        rate: 8000,
        frame: 64,
        hop: 32,
        bands: 8,
        low: 150.0,
        high: 3900.0,
        range: None,
        coefficients: None,
    };
    let front = Front::new(spec, planned.network(), |level| level / 128.0 - 1.0);
    planned.with_front(Some(front))
}

/// Scores of golden vectors, as the host computes them.
fn scores(planned: &Planned, golden: &[Golden]) -> Vec<u32> {
    let comparison = Scoring::of(planned.network())
        .expect("an autoencoder")
        .comparison;
    let score = |golden: &Golden| match planned.front() {
        None => comparison.score(&golden.input, &golden.output),
        Some(front) => {
            let tables = Tables::new(&front.spec).expect("a valid front end");
            comparison.score(&front.input(&tables, &golden.input), &golden.output)
        }
    };
    golden.iter().map(score).collect()
}

fn emitted(planned: &Planned, board: &Board, golden: &[Golden]) -> Result<Package, EmitError> {
    let provenance = Provenance {
        tool_version: "0.1.0".to_owned(),
        threshold: Some(1000),
        ..Provenance::default()
    };
    emit(planned, board, &Limits::of(board), &provenance, golden)
}

#[test]
fn crates_that_score_pass_their_tests_and_clippy_on_this_machine() {
    let target = work_dir("target");
    let board = board("mps2-an386");
    for planned in [
        autoencoder("scoring", &[1, 20, 2], board.isa()),
        listening(board.isa()),
    ] {
        let name = &planned.graph().name;
        let vectors = golden(&planned, 5);
        let package = emitted(&planned, &board, &vectors).expect("a crate");
        let test = String::from_utf8_lossy(&package.files["tests/golden.rs"]).into_owned();
        for score in scores(&planned, &vectors) {
            assert!(
                score > 0 && test.contains(&score.to_string()),
                "{score}: {test}"
            );
        }
        let dir = work_dir("emitted").join(name);
        write_package(&package, &dir);
        for args in [
            &["test"][..],
            &["clippy", "--all-targets", "--", "-Dwarnings"],
        ] {
            let output = cargo(&dir, &target, args);
            let text = output.unwrap_or_else(|text| panic!("{name}: {args:?}: {text}"));
            assert!(!text.contains("warning"), "{name}: {args:?}: {text}");
        }
    }
}

/// A program whose model gives the four bytes of the score.
const PROGRAM: &str = r"#![no_std]
#![no_main]
#![forbid(unsafe_code)]
use cortex_m_rt::entry;
use ember_runtime::Model;
use scored::{INPUT_LEN, Scored, is_anomaly};

pub struct Detector {
    model: Scored,
    sample: [i8; INPUT_LEN],
    bytes: [i8; 5],
}

impl Model for Detector {
    const INPUT_LEN: usize = INPUT_LEN;
    const OUTPUT_LEN: usize = 5;
    fn input_mut(&mut self) -> &mut [i8] {
        &mut self.sample
    }
    fn infer(&mut self) {
        let score = self.model.anomaly_score(&self.sample);
        let [a, b, c, d] = score.to_le_bytes().map(u8::cast_signed);
        self.bytes = [a, b, c, d, is_anomaly(score) as i8];
    }
    fn output(&self) -> &[i8] {
        &self.bytes
    }
    fn poison(&mut self, byte: i8) {
        self.model.poison(byte);
        self.bytes = [byte; 5];
    }
}

#[entry]
fn main() -> ! {
    static mut MODEL: Detector = Detector {
        model: Scored::new(),
        sample: [0; INPUT_LEN],
        bytes: [0; 5],
    };
    ember_board::run(MODEL)
}
";

#[test]
fn the_device_scores_as_the_host_does() {
    for name in ["microbit", "mps2-an386"] {
        let board = board(name);
        let planned = autoencoder("scored", &[48], board.isa());
        let vectors = golden(&planned, 20);
        let scores = scores(&planned, &vectors);
        let mut package = emitted(&planned, &board, &vectors).expect("a crate");
        package
            .files
            .insert("src/bin/firmware.rs".into(), PROGRAM.into());
        let dir = work_dir("emitted").join(format!("scored-{name}"));
        write_package(&package, &dir);
        let elf = build_firmware(&dir, &work_dir("target"), &board)
            .unwrap_or_else(|text| panic!("{name}: {text}"));
        assert_eq!(
            sizes(&elf, &board).panicking,
            Vec::<String>::new(),
            "{name}"
        );
        let samples = vectors.iter().flat_map(|vector| &vector.input);
        let samples: Vec<u8> = samples.map(|value| value.cast_unsigned()).collect();
        std::fs::write(dir.join("samples.bin"), samples).expect("a folder to write to");
        run(&board, &elf, &dir).unwrap_or_else(|text| panic!("{name}: {text}"));
        let outputs = std::fs::read(dir.join("outputs.bin")).expect("outputs");
        let expected = scores.iter().flat_map(|score| {
            let [a, b, c, d] = score.to_le_bytes();
            [a, b, c, d, u8::from(*score > 1000)]
        });
        assert_eq!(outputs, expected.collect::<Vec<u8>>(), "{name}");
    }
}

#[test]
fn a_threshold_for_a_classifier_is_refused() {
    let board = board("microbit");
    let planned = MODELS[0].planned();
    let refused = emitted(&planned, &board, &[]);
    assert!(
        matches!(refused, Err(EmitError::Threshold { ref network }) if network == "gesture_mlp"),
        "{refused:?}"
    );
}
