//! The operators that are promised, one by one: each stands in a model that is accepted.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::path::Path;

use super::names::operator_name;
use super::schema::Model;

const PROMISED: [&str; 56] = [
    "ABS",
    "ADD",
    "ARG_MAX",
    "AVERAGE_POOL_2D",
    "BATCH_MATMUL",
    "CONCATENATION",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "DEPTH_TO_SPACE",
    "DEQUANTIZE",
    "ELU",
    "EXP",
    "EXPAND_DIMS",
    "FULLY_CONNECTED",
    "GATHER",
    "HARD_SWISH",
    "L2_NORMALIZATION",
    "LEAKY_RELU",
    "LOG",
    "LOGISTIC",
    "LOG_SOFTMAX",
    "MAXIMUM",
    "MAX_POOL_2D",
    "MEAN",
    "MINIMUM",
    "MIRROR_PAD",
    "MUL",
    "NEG",
    "PAD",
    "PADV2",
    "PRELU",
    "QUANTIZE",
    "REDUCE_MAX",
    "RELU",
    "RELU6",
    "RELU_N1_TO_1",
    "RESHAPE",
    "RESIZE_BILINEAR",
    "RESIZE_NEAREST_NEIGHBOR",
    "RSQRT",
    "SLICE",
    "SOFTMAX",
    "SPACE_TO_DEPTH",
    "SPLIT",
    "SPLIT_V",
    "SQRT",
    "SQUARE",
    "SQUEEZE",
    "STRIDED_SLICE",
    "SUB",
    "SUM",
    "SVDF",
    "TANH",
    "TRANSPOSE",
    "TRANSPOSE_CONV",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
];

#[test]
fn every_promised_operator_is_accepted() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut accepted = BTreeSet::new();
    for folder in ["accepted", "float", "tflm"] {
        for entry in std::fs::read_dir(fixtures.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_none_or(|extension| extension != "tflite")
            {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let imported = super::network("model", &bytes);
            assert!(imported.is_ok(), "{}: {:?}", path.display(), imported.err());
            let model = Model::parse(&bytes).unwrap();
            let codes = model.operators.iter().map(|operator| operator.code);
            accepted.extend(codes.filter_map(operator_name));
        }
    }
    let missing = PROMISED.iter().filter(|name| !accepted.contains(*name));
    let missing: Vec<_> = missing.collect();
    assert!(missing.is_empty(), "no accepted model has {missing:?}");
}

/// int16 activations: every supported operator that has no kernel for them is refused by name
/// (`int16_operators.txt`), so the two lists together are all.
#[test]
fn operators_have_an_int16_kernel_or_are_refused_by_name() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/refused");
    let bytes = std::fs::read(fixtures.join("int16_operators.tflite")).unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut refused: Vec<i32> = model
        .operators
        .iter()
        .map(|operator| operator.code)
        .collect();
    refused.sort_unstable();
    assert_eq!(refused, super::lower::without_int16());
    let error = super::network("model", &bytes).unwrap_err().to_string();
    for code in refused {
        let name = operator_name(code).unwrap();
        let expected = format!(
            "({name}, \"result_{code}\"): it has no kernel for int16 activations; keep it in int8"
        );
        assert!(error.contains(&expected), "{name} is not refused:\n{error}");
    }
}
