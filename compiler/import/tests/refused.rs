//! Models that must be refused: what is said about each lies beside it (`UPDATE_EXPECT=1` rewrites it).
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;

use expect_test::expect_file;

#[test]
fn every_reason_is_reported() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/refused");
    let mut models: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "tflite" || extension == "onnx")
        })
        .collect();
    models.sort();
    assert!(models.len() >= 46, "only {} models found", models.len());
    for path in models {
        let error = ember_import::import("model", &fs::read(&path).unwrap())
            .expect_err(&path.display().to_string());
        expect_file![path.with_extension("txt")].assert_eq(&format!("{error}\n"));
    }
}

#[test]
fn other_files_are_named_as_such() {
    for bytes in [
        b"".as_slice(),
        b"TFL3",
        b"\x08\x07\x12\x07pytorch",
        b"not a model at all",
    ] {
        let error = ember_import::import("model", bytes).unwrap_err();
        assert_eq!(error, ember_import::ImportError::UnknownFormat);
        assert!(error.to_string().contains(".tflite"));
    }
}
