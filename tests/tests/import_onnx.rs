//! The operator cases of onnx 1.16.2 (packed by `compiler/import/tests/fixtures/onnx/nodes.py`) through the
//! importer: the f32 interpreter gives the outputs that ONNX demands, and the int8 network stays close.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use ember_codegen::interpret::{Interpreter, run_float};
use ember_codegen::passes;
use ember_codegen::quantize::{
    RangeMethod, calibrate, dequantize_output, quantize, quantize_sample,
};
use ember_import::{ImportError, Layout, Model, Network};
use ember_ir::{FloatGraph, Rounding};

/// Differences between f32 here and there, which add in another order.
const F32: f32 = 2e-5;
/// Difference that int8 may make, in parts of the range of the output: its own rounding takes 1/510, those
/// of inputs and weights the rest.
const INT8: f32 = 0.025;

/// Cases that int8 cannot follow: it has 256 steps from 0 to 10003, this softmax tells 10000 from 10001; a sample
/// has outputs within 0.01 of zero, another one up to 0.4; the least of 1 to 60 is a sixtieth of the input's range;
/// where a function jumps, an input that is half a step off may be on the other side.
const BEYOND_INT8: [&str; 5] = [
    "gru_seq_length",
    "logsoftmax_large_number",
    "reduce_min_default_axes_keepdims_example",
    "round",
    "softmax_large_number",
];

struct Case {
    name: String,
    model: Vec<u8>,
    data: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../compiler/import/tests/fixtures/onnx/node_cases.zip");
    let mut archive = zip::ZipArchive::new(Cursor::new(fs::read(path).unwrap())).unwrap();
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    let names: Vec<String> = files
        .keys()
        .filter_map(|name| Some(name.strip_suffix(".onnx")?.to_owned()))
        .collect();
    let mut take = |name: String| files.remove(&name).unwrap();
    names
        .into_iter()
        .map(|name| Case {
            model: take(format!("{name}.onnx")),
            data: take(format!("{name}.bin")),
            name,
        })
        .collect()
}

/// The samples of a case: inputs as the device takes them, and the outputs in the file's order.
fn samples(model: &Model, data: &[u8]) -> Vec<(Vec<f32>, Vec<f32>)> {
    let (count, data) = data.split_first_chunk::<4>().unwrap();
    let count = u32::from_le_bytes(*count) as usize;
    let values: Vec<f32> = data
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    let elements = |layout: &Layout| layout.dims.iter().product::<usize>();
    let inputs: usize = model.inputs.iter().map(elements).sum();
    values
        .chunks(values.len() / count)
        .map(|sample| {
            let (mut rest, output) = sample.split_at(inputs);
            let mut input = Vec::new();
            for layout in &model.inputs {
                let (values, after) = rest.split_at(elements(layout));
                input.extend(layout.to_device(values));
                rest = after;
            }
            (input, output.to_vec())
        })
        .collect()
}

/// The largest difference of two lists, and the range of the second.
fn difference(actual: &[f32], expected: &[f32]) -> (f32, f32) {
    assert_eq!(actual.len(), expected.len(), "number of outputs");
    let pairs = actual.iter().zip(expected);
    // Equal infinities differ by nothing.
    let error = pairs.map(|(a, b)| if a == b { 0.0 } else { (a - b).abs() });
    let error = error.fold(0.0, |top: f32, error| {
        if error.is_nan() {
            f32::INFINITY
        } else {
            top.max(error)
        }
    });
    let (low, high) = expected.iter().fold((0.0_f32, 0.0_f32), |(low, high), &x| {
        (low.min(x), high.max(x))
    });
    (error, high - low)
}

/// f32: the largest difference over the range.
fn in_f32(network: &FloatGraph, model: &Model, data: &[u8]) -> f32 {
    let output = network.graph.outputs[0].0;
    let mut worst = 0.0_f32;
    for (input, expected) in samples(model, data) {
        let raw = run_float(network, &input)[output].clone();
        let (error, range) = difference(&model.outputs[0].to_file(&raw), &expected);
        worst = worst.max(error / range.max(1.0));
    }
    worst
}

/// int8, calibrated with the samples themselves.
fn in_int8(network: &FloatGraph, model: &Model, data: &[u8]) -> Result<f32, String> {
    let samples = samples(model, data);
    let inputs = samples.iter().map(|(input, _)| input.as_slice());
    let ranges = calibrate(network, inputs, RangeMethod::MinMax);
    let int8 = quantize(network, &ranges, Rounding::Single).map_err(|error| error.to_string())?;
    let interpreter = Interpreter::new(&int8).map_err(|error| error.to_string())?;
    let mut worst = 0.0_f32;
    for (input, expected) in &samples {
        let raw = interpreter.run(&quantize_sample(&int8, input));
        let output = model.outputs[0].to_file(&dequantize_output(&int8, &raw));
        let (error, range) = difference(&output, expected);
        worst = worst.max(error / range.max(1e-6));
    }
    Ok(worst)
}

#[test]
fn operator_cases_of_onnx() {
    let (mut passed, mut close, mut total) = (0, 0, 0);
    let mut refused: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut wrong, mut far) = (Vec::new(), Vec::new());
    for case in cases() {
        total += 1;
        let model = match ember_import::import(&case.name, &case.model) {
            Ok(model) => model,
            Err(ImportError::Unsupported(problems)) => {
                let reason = format!("{}; {}", problems[0].what, problems[0].help);
                refused.entry(reason).or_default().push(case.name);
                continue;
            }
            Err(error) => panic!("{}: {error}", case.name),
        };
        let Network::Float(network) = &model.network else {
            panic!("{}: int8", case.name);
        };
        let network = passes::run(network.clone()).unwrap();
        match in_f32(&network, &model, &case.data) {
            error if error <= F32 => passed += 1,
            error => {
                wrong.push(format!("{}: {error}", case.name));
                continue;
            }
        }
        match in_int8(&network, &model, &case.data) {
            Ok(error) if error <= INT8 => close += 1,
            _ if BEYOND_INT8.contains(&case.name.as_str()) => {}
            Ok(error) => far.push(format!("{}: {error}", case.name)),
            Err(error) => far.push(format!("{}: {error}", case.name)),
        }
    }
    let supported = total - refused.values().map(Vec::len).sum::<usize>();
    println!(
        "f32: {passed} passed / {supported} supported / {total} total; int8 within {INT8} of the range: {close}"
    );
    for (reason, names) in &refused {
        println!("skipped {}: {reason}: {}", names.len(), names.join(" "));
    }
    assert!(wrong.is_empty(), "differ in f32:\n{}", wrong.join("\n"));
    assert!(far.is_empty(), "too far off in int8:\n{}", far.join("\n"));
    assert!(supported >= 359, "only {supported} cases are supported");
}

fn model(name: &str) -> (Model, Vec<u8>) {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../compiler/import/tests/fixtures/onnx");
    let bytes = fs::read(folder.join(format!("{name}.onnx"))).unwrap();
    let model =
        ember_import::import(name, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    (model, fs::read(folder.join(format!("{name}.bin"))).unwrap())
}

/// The layers of a graph, as text without weights.
fn layers(model: &Model) -> String {
    ember_ir::text::print_graph(model.network.graph())
}

#[test]
fn float_networks_equal_the_reference_evaluator() {
    for (name, bound) in [
        ("cnn", 0.05),
        ("series", 0.05),
        ("lstms", 0.05),
        ("grus", 0.05),
        ("rnns", 0.05),
        ("attention", 0.1),
        ("decoder", 0.05),
        ("embedding", 0.05),
        ("views", 0.05),
    ] {
        let (model, data) = model(name);
        let Network::Float(network) = &model.network else {
            panic!("{name}: int8");
        };
        let error = in_f32(network, &model, &data);
        assert!(error <= F32, "{name}: {error} in f32");
        let network = passes::run(network.clone()).unwrap();
        let error = in_int8(&network, &model, &data).unwrap();
        println!("{name}: int8 is {error} of the range off");
        assert!(error <= bound, "{name}: {error} in int8");
    }
}

/// Batch norms, padding, activations, transposes and the arithmetic of shapes leave no layers behind.
#[test]
fn networks_become_the_layers_that_they_are() {
    expect_test::expect![[r#"
        ember 1
        model cnn
        input input 12x10x3
        conv1_conv = conv2d input kernel=3x3 stride=2x2 pad=1,1,1,1 channels=8 act=relu -> 6x5x8
        depthwise_conv = depthwise_conv2d conv1_conv kernel=3x3 pad=1,1,1,1 act=relu6 -> 6x5x8
        pointwise_conv = conv2d depthwise_conv kernel=1x1 channels=8 -> 6x5x8
        join_add = add conv1_conv pointwise_conv act=relu -> 6x5x8
        grouped_conv = conv2d join_add kernel=3x3 pad=1,1,1,1 channels=6 -> 6x5x6
        pool_maxpool = max_pool2d grouped_conv kernel=2x2 stride=2x2 -> 3x2x6
        hidden_gemm = dense pool_maxpool features=16 act=relu -> 16
        matmul = dense hidden_gemm features=5 -> 5
        probabilities_softmax = softmax matmul -> 5
        output probabilities_softmax
    "#]]
    .assert_eq(&layers(&model("cnn").0));
    expect_test::expect![[r#"
        ember 1
        model series
        input input 40x3
        conv1_conv_shape = reshape input shape=1x40x3 -> 1x40x3
        conv1_conv = conv2d conv1_conv_shape kernel=1x5 stride=1x2 channels=6 act=relu -> 1x18x6
        mixed_matmul = conv2d conv1_conv kernel=1x1 channels=8 -> 1x18x8
        pool_averagepool = average_pool2d mixed_matmul kernel=1x3 stride=1x2 pad=0,0,1,1 -> 1x9x8
        mean_globalaveragepool = mean pool_averagepool -> 8
        logits_gemm = dense mean_globalaveragepool features=4 -> 4
        output logits_gemm
    "#]]
    .assert_eq(&layers(&model("series").0));
}

/// Quantised models keep their own integers: outputs are at most one step off, since ONNX rounds halves to
/// even and in floating point.
#[test]
fn quantised_models_are_within_a_step_of_the_reference_evaluator() {
    for (name, steps) in [
        ("qdq_conv", 1.0),
        ("qdq_net", 1.0),
        ("qlinear", 1.0),
        // A mean, requantised behind it.
        ("qdq_join", 2.0),
        ("microsoft_gemm", 1.0),
        ("microsoft_gemm_channels", 1.0),
        ("microsoft_gemm_real", 1.0),
        ("microsoft_add", 1.0),
        ("microsoft_mul", 1.0),
        ("microsoft_sigmoid", 1.0),
        ("microsoft_sigmoid_unsigned", 1.0),
        ("microsoft_leaky_relu", 1.0),
        ("microsoft_softmax", 1.0),
        // A softmax in steps of 1/256, requantised to 1/255.
        ("microsoft_softmax_rows", 1.0),
        ("microsoft_softmax_old", 1.0),
        ("microsoft_average_pool", 1.0),
        ("microsoft_global_average_pool", 1.0),
        ("microsoft_concat", 1.0),
        ("microsoft_net", 1.0),
        ("microsoft_weights", 1.0),
    ] {
        let (model, data) = model(name);
        let Network::Int8(network) = &model.network else {
            panic!("{name}: not int8");
        };
        let interpreter = Interpreter::new(network).unwrap();
        let scale = network.quants[network.graph.outputs[0].0].scale;
        let (mut worst, mut equal, mut count) = (0.0_f32, 0, 0);
        for (input, expected) in samples(&model, &data) {
            let raw = interpreter.run(&quantize_sample(network, &input));
            let output = model.outputs[0].to_file(&dequantize_output(network, &raw));
            let (error, _) = difference(&output, &expected);
            worst = worst.max(error / scale);
            let is_same = |(a, b): &(&f32, &f32)| (*a - *b).abs() < scale / 2.0;
            equal += output.iter().zip(&expected).filter(is_same).count();
            count += output.len();
        }
        println!("{name}: {equal} of {count} outputs equal, at most {worst:.2} steps off");
        assert!(worst <= steps + 0.01, "{name}: {worst} steps");
    }
}
