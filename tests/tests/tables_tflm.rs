//! The tables of unary functions against TensorFlow Lite Micro's int8 kernels: all 256 inputs, under many
//! scales and zero points. What it computes is committed beside the importer (`make.py` writes it).
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;

use ember_codegen::lower::unary::table;
use ember_ir::{Function, Quant, Real};

/// Two scales and zero points, a slope, 256 outputs.
const RECORD: usize = 4 + 1 + 4 + 1 + 4 + 256;

#[test]
fn tables_equal_tensorflow_lite_micro() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../compiler/import/tests/fixtures/tables");
    let mut failed = Vec::new();
    let mut tables = 0;
    for (name, function) in [
        ("logistic", Function::Logistic),
        ("relu", Function::RELU),
        ("tanh", Function::Tanh),
        ("rsqrt", Function::Rsqrt),
        ("leaky_relu", Function::Quantize),
        ("abs", Function::Abs),
        ("elu", Function::Elu),
        ("quantize", Function::Quantize),
        ("hard_swish", Function::HardSwish),
    ] {
        let file = fs::read(folder.join(name).with_extension("bin")).unwrap();
        let (records, rest) = file.as_chunks::<RECORD>();
        assert!(records.len() >= 48 && rest.is_empty(), "{name}");
        for record in records {
            let (head, outputs) = record.split_at(RECORD - 256);
            let real = |at: usize| f32::from_le_bytes(head[at..at + 4].try_into().unwrap());
            let quant = |at: usize| Quant {
                scale: real(at),
                zero_point: head[at + 4].cast_signed(),
            };
            let function = match name {
                "leaky_relu" => Function::LeakyRelu {
                    alpha: Real::new(real(10)),
                },
                _ => function,
            };
            let table = table(function, quant(0), quant(5));
            // The file starts with −128.
            for (x, &expected) in (i8::MIN..=i8::MAX).zip(outputs) {
                let actual = table[usize::from(x.cast_unsigned())];
                if actual != expected.cast_signed() {
                    failed.push(format!(
                        "{name} of {x}: {actual}, not {}, {:?} to {:?}",
                        expected.cast_signed(),
                        quant(0),
                        quant(5)
                    ));
                }
            }
            tables += 1;
        }
    }
    println!("{tables} tables of 256 entries compared");
    let shown = &failed[..failed.len().min(20)];
    assert!(
        failed.is_empty(),
        "{} entries differ:\n{}",
        failed.len(),
        shown.join("\n")
    );
}
