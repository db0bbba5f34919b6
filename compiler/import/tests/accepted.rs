//! Models that are accepted: each generated model becomes a graph that the verifier finds sound.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;

use ember_ir::{Op, Rounding};

fn import(name: &str) -> ember_ir::QuantGraph {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tflm")
        .join(name)
        .with_extension("tflite");
    ember_import::tflite::import(name, &fs::read(path).unwrap())
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn generated_models_are_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tflm");
    let mut found = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "tflite")
        {
            let network = import(path.file_stem().unwrap().to_str().unwrap());
            let violations = ember_ir::verify::verify_quant(&network);
            assert!(violations.is_empty(), "{}: {violations:?}", path.display());
            let of_tflite =
                |rounding: &Rounding| matches!(rounding, Rounding::TfLite | Rounding::Wide);
            assert!(network.roundings.iter().all(of_tflite));
            found += 1;
        }
    }
    assert!(found >= 177, "only {found} models found");
}

#[test]
fn names_shapes_and_attributes_survive() {
    let network = import("residual");
    let graph = &network.graph;
    assert_eq!(graph.name, "residual");
    let lines: Vec<String> = graph
        .nodes
        .iter()
        .map(|node| {
            let inputs: Vec<&str> = node
                .inputs
                .iter()
                .map(|&id| graph.tensor(id).name.as_str())
                .collect();
            let shape = graph.output_shape(node);
            format!(
                "{} = {}({}) {shape}",
                graph.node_name(node),
                node.op.name(),
                inputs.join(", ")
            )
        })
        .collect();
    expect_test::expect![[r#"
        stem = conv2d(input) 8x8x6
        depthwise = depthwise_conv2d(stem) 8x8x6
        pointwise = conv2d(depthwise) 8x8x6
        join = add(stem, pointwise) 8x8x6
        pool = max_pool2d(join) 4x4x6
        mean_flat = mean(pool) 6
        mean = reshape(mean_flat) 1x1x6
        logits = conv2d(mean) 1x1x5
        flat = reshape(logits) 5"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn int16_has_wide_sums_unless_the_bias_has_32_bits() {
    let network = import("int16_residual");
    let graph = &network.graph;
    let lines: Vec<String> = graph
        .nodes
        .iter()
        .zip(&network.roundings)
        .map(|(node, rounding)| {
            let output = graph.tensor(node.output);
            let (name, element) = (&output.name, output.element.name());
            format!("{name} = {} {element} {rounding:?}", node.op.name())
        })
        .collect();
    expect_test::expect![[r#"
        halves = unary int16 TfLite
        stem = conv2d int16 Wide
        depthwise = depthwise_conv2d int16 Wide
        pointwise = conv2d int16 Wide
        join = add int16 TfLite
        pool = max_pool2d int16 TfLite
        mean = average_pool2d int16 TfLite
        logits = conv2d int16 Wide
        flat = reshape int16 TfLite
        bytes = unary int8 TfLite"#]]
    .assert_eq(&lines.join("\n"));
    let words = import("int16_conv_int32");
    assert_eq!(words.roundings, [Rounding::TfLite]);
    let free = import("int16_conv_no_bias");
    assert_eq!(free.roundings, [Rounding::Wide]);
    let biases = &network.params[1].as_ref().unwrap().bias;
    assert!(biases.iter().any(|&bias| i32::try_from(bias).is_err()));
}

#[test]
fn same_padding_puts_the_odd_element_after() {
    let network = import("conv_stride_same");
    let Op::Conv2d(conv) = &network.graph.nodes[0].op else {
        panic!("not a convolution: {:?}", network.graph.nodes[0].op);
    };
    let padding = conv.window.padding;
    assert_eq!(
        [padding.top, padding.bottom, padding.left, padding.right],
        [0, 1, 0, 1]
    );
    let params = network.params[0].as_ref().unwrap();
    assert_eq!(
        (params.weights.len(), params.scales.len(), params.bias.len()),
        (5 * 27, 5, 5)
    );
}
