//! Imported int8 and int16 TensorFlow Lite models against TensorFlow Lite Micro's own kernels, bit for bit. The
//! expected outputs are committed beside the importer (its `tests/fixtures/make.py` writes them).
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use ember_codegen::interpret::{Interpreter, run_float};
use ember_codegen::passes;
use ember_codegen::quantize::{
    RangeMethod, calibrate, dequantize, dequantize_output, quantize, quantize_sample,
};
use ember_import::Network;
use ember_ir::{Element, QuantGraph, Rounding, TensorId};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../compiler/import/tests/fixtures")
}

/// The samples of a model; the twin of `samples` in `make.py`.
struct Samples {
    state: u64,
    made: u32,
}

impl Samples {
    fn new(name: &str) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        Self {
            state: hash,
            made: 0,
        }
    }

    /// The bytes of a sample of so many elements.
    fn next(&mut self, len: usize, element: Element) -> Vec<i8> {
        let shift = self.made % 4;
        self.made += 1;
        let bits = 8 * element.bytes();
        let values = (0..len).map(|_| {
            self.state ^= self.state >> 12;
            self.state ^= self.state << 25;
            self.state ^= self.state >> 27;
            let number = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d).cast_signed();
            ((number >> (64 - bits)) as i32) >> shift
        });
        element.bytes_of(values.collect::<Vec<_>>())
    }
}

/// Runs all samples of which outputs are recorded; the number of samples, and of those that differ.
fn compare(model: &Path, recorded: &Path) -> (usize, usize) {
    let name = model.file_stem().unwrap().to_str().unwrap();
    let network = ember_import::tflite::import(name, &fs::read(model).unwrap())
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let interpreter = Interpreter::new(&network).unwrap_or_else(|error| panic!("{name}: {error}"));
    let after = passes::run_int8(network.clone()).unwrap();
    let after = Interpreter::new(&after).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut after = after.start();
    let recorded = fs::read(recorded).unwrap();
    let input = network.graph.tensor(network.graph.inputs[0]);
    let output = interpreter.output_len();
    assert_eq!(
        recorded.len() % output,
        0,
        "{name}: outputs of {output} bytes"
    );
    // In real numbers it runs too, and gives as many values.
    let real = dequantize(&network);
    let zeros = vec![0.0; input.shape.elements()];
    let tensors = run_float(&real, &zeros);
    for &id in &real.graph.outputs {
        let values = real.graph.tensor(id).shape.elements();
        assert_eq!(tensors[id.0].len(), values);
    }
    let mut samples = Samples::new(name);
    // Samples are a stream for a network that keeps something.
    let mut stream = interpreter.start();
    let mut differing = 0;
    for (index, bytes) in recorded.chunks(output).enumerate() {
        let expected: Vec<i8> = bytes.iter().map(|&byte| byte as i8).collect();
        let sample = samples.next(input.shape.elements(), input.element);
        let actual = stream.run(&sample);
        assert_eq!(after.run(&sample), actual, "{name}: passes change outputs");
        if actual != expected {
            if differing == 0 {
                println!("{name}, sample {index}:\n  expected {expected:?}\n  actual   {actual:?}");
            }
            differing += 1;
        }
    }
    (recorded.len() / output, differing)
}

/// Difference that the order of sums makes, in parts of the range.
const F32: f32 = 1e-5;
/// Difference that int8 may make, in parts of the range of the outputs.
const INT8: f32 = 0.03;

/// The span of some values and zero.
fn span(values: impl Iterator<Item = f32>) -> f32 {
    let [low, high] = values.fold([0.0f32; 2], |[low, high], x| [low.min(x), high.max(x)]);
    (high - low).max(1e-6)
}

/// The largest difference.
fn difference(actual: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(actual.len(), expected.len());
    let pairs = actual.iter().zip(expected);
    pairs.fold(0.0f32, |most, (a, b)| most.max((a - b).abs()))
}

#[test]
fn float_models_equal_tensorflow_lite_micro_and_int8_follows() {
    let mut models = 0;
    for entry in fs::read_dir(fixtures().join("float")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "tflite") {
            continue;
        }
        models += 1;
        let name = path.file_stem().unwrap().to_str().unwrap();
        let model = ember_import::import(name, &fs::read(&path).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let Network::Float(network) = model.network else {
            panic!("{name} is int8");
        };
        let elements = |id: &TensorId| network.graph.tensor(*id).shape.elements();
        let input: usize = network.graph.inputs.iter().map(elements).sum();
        let output: usize = network.graph.outputs.iter().map(elements).sum();
        let recorded = fs::read(path.with_extension("bin")).unwrap();
        let (values, _) = recorded.as_chunks::<4>();
        let values: Vec<f32> = values
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect();
        let records: Vec<(&[f32], &[f32])> = values
            .chunks_exact(input + output)
            .map(|record| record.split_at(input))
            .collect();
        let ranges = calibrate(
            &network,
            records.iter().map(|(input, _)| *input),
            RangeMethod::MinMax,
        );
        let int8 = quantize(&network, &ranges, Rounding::Single)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let interpreter = Interpreter::new(&int8).unwrap();
        // Of all samples, since every second one is quieter than the one before.
        let span = span(
            records
                .iter()
                .flat_map(|(_, output)| output.iter().copied()),
        );
        for (input, expected) in &records {
            let tensors = run_float(&network, input);
            let outputs = network.graph.outputs.iter();
            let real: Vec<f32> = outputs.flat_map(|id| tensors[id.0].clone()).collect();
            assert!(
                difference(&real, expected) < F32 * span,
                "{name}: {real:?}, {expected:?}"
            );
            let raw = interpreter.run(&quantize_sample(&int8, input));
            let close = difference(&dequantize_output(&int8, &raw), expected) / span;
            assert!(close < INT8, "{name}: int8 is off by {close}");
        }
    }
    assert!(models >= 10, "only {models} models found");
}

#[test]
fn generated_models_equal_tensorflow_lite_micro() {
    let mut models: Vec<PathBuf> = fs::read_dir(fixtures().join("tflm"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "tflite")
        })
        .collect();
    models.sort();
    assert!(models.len() >= 167, "only {} models found", models.len());
    let mut failed = Vec::new();
    for model in &models {
        let (samples, differing) = compare(model, &model.with_extension("bin"));
        assert!(samples >= 24, "{}: {samples} samples", model.display());
        if differing > 0 {
            failed.push(format!("{}: {differing} of {samples}", model.display()));
        }
    }
    assert!(
        failed.is_empty(),
        "differing samples:\n{}",
        failed.join("\n")
    );
}

/// A network of `random.gz` with what TensorFlow Lite Micro computes for its samples.
struct Recorded {
    name: String,
    /// Tensors at the ends of its branches.
    ends: Vec<String>,
    model: Vec<u8>,
    samples: usize,
    /// All ends of all samples.
    outputs: Vec<i8>,
}

fn recorded() -> Vec<Recorded> {
    let file = fs::File::open(fixtures().join("random.gz")).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .unwrap();
    let mut rest = bytes.as_slice();
    let mut networks = Vec::new();
    while let Some((head, mut body)) = rest.split_first_chunk::<20>() {
        let field = |at: usize| u32::from_le_bytes(head.as_chunks::<4>().0[at]) as usize;
        let [name, ends, model, outputs] = std::array::from_fn(|at| {
            let (part, after) = body.split_at(field(at));
            body = after;
            part.to_vec()
        });
        let text = |bytes| String::from_utf8(bytes).unwrap();
        networks.push(Recorded {
            name: text(name),
            ends: text(ends).split(' ').map(str::to_owned).collect(),
            model,
            samples: field(4),
            outputs: outputs.iter().map(|&byte| byte as i8).collect(),
        });
        rest = body;
    }
    networks
}

/// The network after all passes, all its ends made outputs, and these.
fn with_passes(
    network: &QuantGraph,
    ends: &[String],
) -> Result<(Interpreter, Vec<TensorId>), String> {
    let mut network = network.clone();
    let tensors = network.graph.tensors.iter();
    let named = |end: &String| tensors.clone().position(|tensor| tensor.name == *end);
    network.graph.outputs = ends
        .iter()
        .map(|end| TensorId(named(end).unwrap()))
        .collect();
    let network = passes::run_int8(network).map_err(|all| format!("{all:?}"))?;
    let interpreter = Interpreter::new(&network).map_err(|error| error.to_string())?;
    Ok((interpreter, network.graph.outputs))
}

/// The first difference of a random network, or why it does not run.
fn differing(recorded: &Recorded) -> Result<Option<String>, String> {
    let network = ember_import::tflite::import(&recorded.name, &recorded.model)
        .map_err(|error| error.to_string())?;
    let interpreter = Interpreter::new(&network).map_err(|error| error.to_string())?;
    let graph = &network.graph;
    let after = with_passes(&network, &recorded.ends)?;
    let mut samples = Samples::new(&recorded.name);
    let each = recorded.outputs.len() / recorded.samples;
    // Samples are a stream for a network that keeps something.
    let (passed, ends) = &after;
    let (mut stream, mut passed) = (interpreter.start(), passed.start());
    for (number, expected) in recorded.outputs.chunks(each).enumerate() {
        let sample = samples.next(interpreter.input_len(), Element::Int8);
        let tensors = stream.run_all(&sample);
        let all = passed.run_all(&sample);
        let all: Vec<i8> = ends.iter().flat_map(|id| all[id.0].clone()).collect();
        if all != expected {
            return Ok(Some(format!("sample {number} after the passes")));
        }
        let mut rest = expected;
        for end in &recorded.ends {
            let named = graph.tensors.iter().position(|tensor| tensor.name == *end);
            let actual = &tensors[named.unwrap()];
            let (expected, after) = rest.split_at(actual.len());
            rest = after;
            if actual != expected {
                let graph = ember_ir::text::print_graph(graph);
                return Ok(Some(format!(
                    "sample {number}, {end}:\n  expected {expected:?}\n  actual   {actual:?}\n{graph}"
                )));
            }
        }
        assert!(rest.is_empty(), "{}: number of outputs", recorded.name);
    }
    Ok(None)
}

/// Hundreds of networks made at random, of each operator alone and of up to a dozen with branches.
#[test]
fn random_networks_equal_tensorflow_lite_micro() {
    let networks = recorded();
    let mut failed = Vec::new();
    let (mut graphs, mut samples, mut values) = (0, 0, 0);
    for network in &networks {
        graphs += usize::from(network.name.starts_with("graph_"));
        samples += network.samples;
        values += network.outputs.len();
        match differing(network) {
            Ok(None) => {}
            Ok(Some(difference)) => failed.push(format!("{}: {difference}", network.name)),
            Err(error) => failed.push(format!("{}: {error}", network.name)),
        }
    }
    println!(
        "{} of {} random networks equal: {} of one operator, {graphs} graphs, {samples} samples, {values} values",
        networks.len() - failed.len(),
        networks.len(),
        networks.len() - graphs,
    );
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(networks.len() >= 720, "only {} networks", networks.len());
}

/// A published model, if it lies beside the project.
fn published(name: &str) {
    let shared = std::env::var_os("EMBER_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let model = shared.join("models").join(name).with_extension("tflite");
    if !model.exists() {
        println!("skipped: no {}", model.display());
        return;
    }
    let recorded = fixtures().join("models").join(name).with_extension("bin");
    let (samples, differing) = compare(&model, &recorded);
    println!("{name}: {} of {samples} samples equal", samples - differing);
    assert!(samples >= 100);
    assert_eq!(differing, 0);
}

#[test]
fn hello_world_equals_tensorflow_lite_micro() {
    published("hello_world_int8");
}

#[test]
fn micro_speech_equals_tensorflow_lite_micro() {
    published("micro_speech_quantized");
}

#[test]
fn trained_lstm_equals_tensorflow_lite_micro() {
    published("trained_lstm_int8");
}

#[test]
fn person_detect_equals_tensorflow_lite_micro() {
    published("person_detect");
}
