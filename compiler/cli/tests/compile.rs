//! A model of another tool becomes verified firmware, and samples run through it. Needs the Cortex-M
//! toolchain and QEMU.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn emberc(arguments: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(arguments)
        .current_dir(dir)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A generated TensorFlow Lite model of the importer's tests: 8×8×2 in, 5 out.
fn model() -> String {
    fixture("residual")
}

fn fixture(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../import/tests/fixtures/tflm");
    let path = path.join(name).with_extension("tflite");
    path.canonicalize().unwrap().display().to_string()
}

/// An npy file of three samples.
fn samples(path: &Path, descr: &str, bytes: &[u8]) {
    samples_of("8, 8, 2", path, descr, bytes);
}

fn samples_of(shape: &str, path: &Path, descr: &str, bytes: &[u8]) {
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (3, {shape}), }}");
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    let file = [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), bytes].concat();
    fs::write(path, file).unwrap();
}

#[test]
fn a_model_is_compiled_verified_and_run() {
    let dir = tempfile::tempdir().unwrap();
    let raw: Vec<u8> = (0..3 * 128_u32).map(|i| (i * 37 % 251) as u8).collect();
    samples(&dir.path().join("raw.npy"), "|i1", &raw);

    let model = model();
    let arguments = [
        "compile",
        &model,
        "--board",
        "mps2-an386",
        "--out",
        "out/crate",
    ];
    let arguments = [
        &arguments[..],
        &["--compare", "raw.npy", "--json", "--quiet"],
    ]
    .concat();
    let report = stdout(&emberc(&arguments, dir.path()));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["model"], "residual");
    assert_eq!(report["samples"], 32);
    assert_eq!(report["samples_equal"], 32);
    for part in ["arena", "constants"] {
        let of = |kind: &str| &report[format!("{part}_{kind}_bytes")];
        assert_eq!(of("predicted"), of("linked"));
    }
    let agreement = &report["agreement"];
    assert_eq!(agreement["samples"], 3);
    // Noise saturates this network's activations; the largest output survives.
    assert_eq!(agreement["same_largest"], 3);
    assert!(agreement["mean_error"].as_f64() <= agreement["largest_error"].as_f64());
    let readme = fs::read_to_string(dir.path().join("out/crate/README.md")).unwrap();
    let hash = report["sha256"].as_str().unwrap();
    for part in [
        hash,
        "residual.tflite",
        "real = (q",
        "depthwise",
        "pointwise",
    ] {
        assert!(readme.contains(part), "{part} is not in the README");
    }
    stdout(&emberc(&["verify", "--quiet", "out/crate"], dir.path()));

    // The model, the crate and the firmware give the same; real numbers are quantised at the edge.
    let infer =
        |rest: &[&str]| stdout(&emberc(&[&["infer", "--quiet"], rest].concat(), dir.path()));
    let host = infer(&[&model, "--input", "raw.npy"]);
    assert_eq!(host.lines().count(), 3);
    assert_eq!(infer(&["out/crate", "--input", "raw.npy"]), host);
    let board = ["--board", "mps2-an386", "--output", "y.npy"];
    infer(&[&["out/crate", "--input", "raw.npy"][..], &board].concat());
    let values: Vec<i8> = host
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    let bytes: Vec<u8> = values.iter().map(|value| value.cast_unsigned()).collect();
    assert!(
        fs::read(dir.path().join("y.npy"))
            .unwrap()
            .ends_with(&bytes)
    );
    let network = fs::read_to_string(dir.path().join("out/crate/residual.ember")).unwrap();
    let network = ember_ir::text::parse(&network).unwrap();
    let quant = network.quants[network.graph.inputs[0].0];
    let real: Vec<u8> = raw
        .iter()
        .flat_map(|&value| quant.dequantize(value.cast_signed()).to_le_bytes())
        .collect();
    samples(&dir.path().join("real.npy"), "<f4", &real);
    assert_eq!(infer(&[&model, "--input", "real.npy"]), host);
    let floats = infer(&[&model, "--input", "real.npy", "--float"]);
    assert_eq!(floats.split_whitespace().count(), values.len());
}

/// Input and output are int16: two bytes a value, in the firmware's files as in npy.
#[test]
fn an_int16_model_is_compiled_verified_and_run() {
    let dir = tempfile::tempdir().unwrap();
    let raw: Vec<u8> = (0..3 * 2 * 210_u32).map(|i| (i * 37 % 251) as u8).collect();
    samples_of("7, 6, 5", &dir.path().join("raw.npy"), "<i2", &raw);
    let model = fixture("int16_depthwise");
    let arguments = [
        "compile",
        &model,
        "--board",
        "mps2-an386",
        "--out",
        "out/crate",
    ];
    let more = ["--compare", "raw.npy", "--json", "--quiet"];
    let report = stdout(&emberc(&[&arguments[..], &more].concat(), dir.path()));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["samples_equal"], 32);
    for part in ["arena", "constants"] {
        let of = |kind: &str| &report[format!("{part}_{kind}_bytes")];
        assert_eq!(of("predicted"), of("linked"));
    }
    let [predicted, linked] =
        ["predicted", "linked"].map(|kind| report[format!("flash_{kind}_bytes")].as_f64().unwrap());
    assert!(
        (predicted / linked - 1.0).abs() < 0.03,
        "{predicted} {linked}"
    );
    // ReLU6 in steps of 2e-4: what differs is the rounding of the last one.
    let agreement = &report["agreement"];
    assert!(
        agreement["largest_error"].as_f64().unwrap() < 3e-3,
        "{agreement}"
    );
    let source = fs::read_to_string(dir.path().join("out/crate/src/lib.rs")).unwrap();
    for part in [
        "&mut [i16; INPUT_LEN]",
        "&[i16; OUTPUT_LEN]",
        "210 int16 values",
    ] {
        assert!(source.contains(part), "{part} is not in the source");
    }
    stdout(&emberc(&["verify", "--quiet", "out/crate"], dir.path()));
    let infer =
        |rest: &[&str]| stdout(&emberc(&[&["infer", "--quiet"], rest].concat(), dir.path()));
    let host = infer(&[&model, "--input", "raw.npy"]);
    let board = ["--board", "mps2-an386", "--output", "y.npy"];
    infer(&[&["out/crate", "--input", "raw.npy"][..], &board].concat());
    let values = host
        .split_whitespace()
        .map(|word| word.parse::<i16>().unwrap());
    let bytes: Vec<u8> = values.flat_map(i16::to_le_bytes).collect();
    assert_eq!(bytes.len(), raw.len());
    let written = fs::read(dir.path().join("y.npy")).unwrap();
    assert!(written.ends_with(&bytes));
    assert!(String::from_utf8_lossy(&written).contains("<i2"));
    // Real numbers become the same values.
    let network = fs::read_to_string(dir.path().join("out/crate/int16_depthwise.ember")).unwrap();
    let network = ember_ir::text::parse(&network).unwrap();
    let quant = network.quants[network.graph.inputs[0].0];
    let (pairs, _) = raw.as_chunks();
    let real: Vec<u8> = pairs
        .iter()
        .flat_map(|&pair| quant.dequantize(i16::from_le_bytes(pair)).to_le_bytes())
        .collect();
    samples_of("7, 6, 5", &dir.path().join("real.npy"), "<f4", &real);
    assert_eq!(infer(&[&model, "--input", "real.npy"]), host);
}

#[test]
fn wrong_samples_and_boards_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bad.npy"), b"nothing").unwrap();
    let mut short = b"\x93NUMPY\x01\x00".to_vec();
    let header = "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }\n";
    short.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    short.extend(header.as_bytes());
    short.extend([0; 6]);
    fs::write(dir.path().join("short.npy"), short).unwrap();
    let model = model();
    for (arguments, part) in [
        (vec!["compile", &model, "--board", "none"], "no board"),
        (
            vec!["compile", "gone.tflite", "--board", "microbit"],
            "gone.tflite",
        ),
        (
            vec!["infer", &model, "--input", "bad.npy"],
            "not a valid npy",
        ),
        (vec!["infer", &model, "--input", "short.npy"], "[8, 8, 2]"),
        (vec!["infer", &model, "--input", "short.csv"], "short.csv"),
    ] {
        let output = emberc(&arguments, dir.path());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(2 | 3)), "{stderr}");
        assert!(stderr.contains(part), "{arguments:?}: {stderr}");
    }
}

/// A float32 TensorFlow Lite model gets its ranges from samples; each of its outputs its own file.
#[test]
fn a_float_model_with_two_outputs_is_quantised_and_run() {
    let dir = tempfile::tempdir().unwrap();
    let real = (0..3 * 60_u32).map(|i| (i * 37 % 251) as f32 / 64.0 - 2.0);
    let bytes: Vec<u8> = real.flat_map(f32::to_le_bytes).collect();
    samples_of("6, 5, 2", &dir.path().join("real.npy"), "<f4", &bytes);
    let model = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../import/tests/fixtures/float/two_heads.tflite");
    let model = model.canonicalize().unwrap().display().to_string();
    samples_of("6, 5, 2", &dir.path().join("raw.npy"), "|i1", &[7; 180]);
    for arguments in [
        ["compile", &model, "--board", "mps2-an386"],
        // Integers have no meaning in f32.
        ["infer", &model, "--input", "raw.npy"],
    ] {
        let refused = emberc(&arguments, dir.path());
        assert_eq!(refused.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("--calibrate"));
    }
    let report = stdout(&emberc(
        &[
            "compile",
            &model,
            "--board",
            "mps2-an386",
            "--out",
            "crate",
            "--calibrate",
            "real.npy",
            "--compare",
            "real.npy",
            "--json",
            "--quiet",
        ],
        dir.path(),
    ));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["samples"], report["samples_equal"]);
    assert!(report["agreement"]["largest_error"].as_f64().unwrap() < 0.2);
    let library = fs::read_to_string(dir.path().join("crate/src/lib.rs")).unwrap();
    for part in ["pub boxes: &'a [i8; OUTPUT_BOXES_LEN]", "-> Outputs<'_>"] {
        assert!(library.contains(part), "{part} is not in the source");
    }
    for (place, board) in [("host", &[][..]), ("board", &["--board", "mps2-an386"][..])] {
        let output = format!("{place}.npy");
        let arguments = [
            "infer", "--quiet", "crate", "--input", "real.npy", "--output", &output,
        ];
        stdout(&emberc(&[&arguments[..], board].concat(), dir.path()));
    }
    for name in ["boxes", "scores"] {
        let [host, board] = ["host", "board"]
            .map(|place| fs::read(dir.path().join(format!("{place}.{name}.npy"))).unwrap());
        assert!(!host.is_empty() && host == board, "{name} differs");
    }
}
