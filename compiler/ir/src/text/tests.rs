#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use expect_test::expect;
use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};

use super::{parse, print, print_graph, seeded_weights};
use crate::{
    Activation, Conv2d, Dense, Element, Function, GraphBuilder, Mean, Op, Quant, QuantGraph,
    QuantParams, Real, Rounding, Unary, WeightType, Window2d,
};

fn small() -> QuantGraph {
    let mut b = GraphBuilder::new("tiny");
    let image = b.input("image", [4, 4, 1]);
    let conv = Op::Conv2d(Conv2d {
        window: Window2d::same([4, 4], [3, 3], [2, 2]),
        out_channels: 2,
        activation: Activation::Relu,
    });
    let conv = b.node("conv1", conv, &[image]).unwrap();
    let mean = b.node("mean", Op::Mean(Mean {}), &[conv]).unwrap();
    let dense = Op::Dense(Dense {
        over_rows: false,
        out_features: 2,
        activation: Activation::None,
    });
    let logits = b.node("logits", dense, &[mean]).unwrap();
    QuantGraph {
        graph: b.finish(&[logits]),
        quants: vec![
            Quant {
                scale: 0.0625,
                zero_point: -128,
            },
            Quant {
                scale: 0.1,
                zero_point: -128,
            },
            Quant {
                scale: 0.1,
                zero_point: -128,
            },
            Quant {
                scale: 1.0 / 3.0,
                zero_point: 3,
            },
        ],
        params: vec![
            Some(QuantParams {
                weights: (-9..9).collect(),
                scales: vec![0.01, 0.02],
                bias: vec![100, -7],
            }),
            None,
            Some(QuantParams {
                weights: vec![1, -127, 127, 0],
                scales: vec![1e-9],
                bias: vec![0, i64::from(i32::MIN)],
            }),
        ],
        roundings: vec![Rounding::Single, Rounding::Single, Rounding::TfLite],
    }
}

#[test]
fn prints_one_line_per_tensor() {
    expect![[r#"
        ember 1
        model tiny
        input image 4x4x1 scale=0.0625 zero=-128
        conv1 = conv2d image kernel=3x3 stride=2x2 pad=0,1,0,1 channels=2 act=relu -> 2x2x2 scale=0.1 zero=-128
          weights 9/j5+vv8/f7/AAECAwQFBgcI
          scales  0.01 0.02
          bias    100 -7
        mean = mean conv1 -> 2 scale=0.1 zero=-128
        logits = dense mean features=2 -> 2 scale=0.33333334 zero=3 rounding=tflite
          weights AYF/AA==
          scales  0.000000001
          bias    0 -2147483648
        output logits
    "#]]
    .assert_eq(&print(&small()));
    expect![[r#"
        ember 1
        model tiny
        input image 4x4x1
        conv1 = conv2d image kernel=3x3 stride=2x2 pad=0,1,0,1 channels=2 act=relu -> 2x2x2
        mean = mean conv1 -> 2
        logits = dense mean features=2 -> 2
        output logits
    "#]]
    .assert_eq(&print_graph(&small().graph));
}

#[test]
fn reads_back_what_it_prints() {
    assert_eq!(parse(&print(&small())).unwrap(), small());
}

#[test]
fn types_are_written_where_they_are_not_int8() {
    let mut b = GraphBuilder::new("wide");
    let x = b.input("x", [3]);
    let quantize = Op::Unary(Unary {
        function: Function::Quantize,
    });
    let y = b.node_as("y", quantize, &[x], Element::Int16).unwrap();
    let dense = Op::Dense(Dense {
        over_rows: false,
        out_features: 1,
        activation: Activation::None,
    });
    let z = b.node("z", dense, &[y]).unwrap();
    let quant = |scale| Quant {
        scale,
        zero_point: 0,
    };
    let network = QuantGraph {
        graph: b.finish(&[z]),
        quants: vec![quant(0.5), quant(0.001), quant(0.25)],
        params: vec![
            None,
            Some(QuantParams {
                weights: vec![1, 2, 3],
                scales: vec![0.1],
                bias: vec![-(1 << 40)],
            }),
        ],
        roundings: vec![Rounding::TfLite, Rounding::Wide],
    };
    let text = print(&network);
    expect![[r#"
        ember 1
        model wide
        input x 3 scale=0.5 zero=0
        y = unary x function=quantize -> 3 type=int16 scale=0.001 zero=0 rounding=tflite
        z = dense y features=1 -> 1 type=int16 scale=0.25 zero=0 rounding=wide
          weights AQID
          scales  0.1
          bias    -1099511627776
        output z
    "#]]
    .assert_eq(&text);
    assert_eq!(crate::verify_quant(&network), []);
    assert_eq!(parse(&text).unwrap(), network);
    let error = parse(&text.replacen("type=int16", "type=int4", 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 4, column 41: type=int4; it must be int8 or int16"
    );
}

#[test]
fn int4_weights_are_written_and_read_back() {
    let mut network = small();
    network.graph.nodes[2].weights = WeightType::Int4;
    network.params[2].as_mut().unwrap().weights = vec![16, -112, 112, 0];
    let text = print(&network);
    assert!(
        text.contains("logits = dense mean features=2 weights=int4 -> 2"),
        "{text}"
    );
    assert_eq!(crate::verify_quant(&network), []);
    assert_eq!(parse(&text).unwrap(), network);
    let error = parse(&text.replacen("weights=int4", "weights=int2", 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 9, column 40: weights=int2; it must be int8 or int4"
    );
}

#[test]
fn every_function_reads_back() {
    let mut b = GraphBuilder::new("functions");
    let mut x = b.input("x", [3]);
    for (index, function) in [
        Function::Logistic,
        Function::Tanh,
        Function::RELU,
        Function::RELU_N1_TO_1,
        Function::LeakyRelu {
            alpha: Real::new(0.1),
        },
        Function::HardSwish,
        Function::HardSigmoid {
            alpha: Real::new(1.0 / 6.0),
            beta: Real::new(0.5),
        },
        Function::Elu,
        Function::Abs,
        Function::Neg,
        Function::Exp,
        Function::Log,
        Function::Sqrt,
        Function::Rsqrt,
        Function::Square,
        Function::Quantize,
    ]
    .into_iter()
    .enumerate()
    {
        let op = Op::Unary(Unary { function });
        x = b.node(format!("y{index}"), op, &[x]).unwrap();
    }
    let graph = b.finish(&[x]);
    let network = QuantGraph {
        quants: vec![
            Quant {
                scale: 0.5,
                zero_point: 0
            };
            graph.tensors.len()
        ],
        params: vec![None; graph.nodes.len()],
        roundings: vec![Rounding::Single; graph.nodes.len()],
        graph,
    };
    assert_eq!(parse(&print(&network)).unwrap(), network);
}

/// The text of one operator on tensors of these shapes.
fn one(inputs: &[&str], line: &str) -> String {
    let names = ["x", "z"];
    let inputs = inputs.iter().zip(names);
    let inputs: String = inputs
        .map(|(shape, name)| format!("input {name} {shape} scale=1 zero=0\n"))
        .collect();
    let weights = match line.contains("channels=") || line.contains("features=") {
        true => "\n  weights seed=1\n  scales 1\n  bias 0 0",
        false => "",
    };
    format!("ember 1\nmodel m\n{inputs}y = {line} scale=1 zero=0{weights}\noutput y\n")
}

#[test]
fn operators_with_attributes_of_their_own_read_back() {
    for (inputs, line) in [
        (&["2x3x4"][..], "dense x features=2 over_rows=true -> 2x3x2"),
        (
            &["4x5x3"],
            "transpose_conv2d x kernel=3x2 stride=2x3 before=1x0 size=8x14 channels=2 act=relu -> 8x14x2",
        ),
        (
            &["4x5x3"],
            "transpose_conv2d x kernel=1x2 size=4x6 channels=2 -> 4x6x2",
        ),
        (
            &["4x5x3"],
            "resize_bilinear x size=9x2 coordinates=half_pixel step=0.4,2.5 -> 9x2x3",
        ),
        (&["4x5x3"], "resize_bilinear x size=8x1 -> 8x1x3"),
        (&["4x5x3", "3x7"], "matmul x z -> 4x5x7"),
        (
            &["6x1x5x3", "4x7x5"],
            "matmul x z transpose_left=true transpose_right=true -> 6x4x3x7",
        ),
    ] {
        let text = one(inputs, line);
        let network = parse(&text).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert!(print(&network).contains(line), "{}", print(&network));
        assert_eq!(parse(&print(&network)).unwrap(), network);
    }
    for (inputs, line, message) in [
        (
            &["4x5x3"][..],
            "transpose_conv2d x kernel=3x3 before=3x0 size=4x5 channels=2 -> 4x5x2",
            "before is 3; it must be smaller than the kernel",
        ),
        (
            &["4x5x3"],
            "transpose_conv2d x kernel=3x3 stride=2x2 size=11x5 channels=2 -> 11x5x2",
            "size is 11",
        ),
        (
            &["4x5x3"],
            "transpose_conv2d x kernel=3x3 stride=0x2 size=4x5 channels=2 -> 4x5x2",
            "stride is 0; it must be at least 1",
        ),
        (
            &["4x5x3"],
            "transpose_conv2d x kernel=3x3 stride=90000x90000 size=4x5 channels=2 -> 4x5x2",
            "stride is 90000; it must be so small",
        ),
        (
            &["4x5x3"],
            "resize_bilinear x size=9x2 step=1 -> 9x2x3",
            "step must be two numbers",
        ),
        (
            &["4x5x3"],
            "resize_bilinear x size=9x2 step=1,1 -> 9x2x3",
            "step is 1; it must be positive, and the output must not reach beyond the input",
        ),
        (
            &["4x5x3"],
            "resize_bilinear x size=0x2 -> 0x2x3",
            "size is 0",
        ),
        (
            &["4x5x3", "4x3"],
            "matmul x z -> 4x5x3",
            "shapes 4x5x3 and 4x3 differ",
        ),
        (
            &["4x5x3", "2x3x7"],
            "matmul x z -> 4x5x7",
            "shapes 4 and 2 differ",
        ),
        (&["4", "4x3"], "matmul x z -> 3", "needs an input of shape"),
        (&["4x3"], "matmul x -> 3", "takes 2 input(s)"),
        (
            &["4x3"],
            "dense x features=2 over_rows=yes -> 4x2",
            "over_rows=yes; it must be true or false",
        ),
    ] {
        let error = parse(&one(inputs, line)).unwrap_err().to_string();
        assert!(error.contains(message), "{line}: {error}");
    }
}

#[test]
fn real_attributes_are_checked() {
    let text = |attributes: &str| {
        format!(
            "ember 1\nmodel m\ninput x 3 scale=1 zero=0\n\
             y = unary x {attributes} -> 3 scale=1 zero=0\noutput y\n"
        )
    };
    assert!(parse(&text("function=clip low=-inf high=6")).is_ok());
    for (wrong, message) in [
        ("", "unary needs function=…"),
        (
            "function=sine",
            "there is no function 'sine'; the functions are logistic, tanh, clip, leaky_relu, hard_swish, \
             hard_sigmoid, elu, abs, neg, exp, log, sqrt, rsqrt, square, erf, gelu, gelu_tanh, softplus, softsign, selu, \
             celu, mish, sin, cos, reciprocal, floor, ceil, round, sign, quantize, table",
        ),
        ("function=leaky_relu", "alpha=… is missing"),
        (
            "function=leaky_relu alpha=inf",
            "alpha is inf; it must be finite",
        ),
        (
            "function=clip low=2 high=1",
            "low is 2; it must be a number not above high",
        ),
        ("function=clip low=NaN high=1", "low is NaN"),
    ] {
        let error = parse(&text(wrong)).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn same_padding_is_resolved() {
    let text = print(&small()).replace("pad=0,1,0,1", "pad=same");
    assert_eq!(parse(&text).unwrap(), small());
}

#[test]
fn errors_say_where_and_what() {
    let good = print(&small());
    let cases = [
        ("ember 1", "ember 9"),
        ("model tiny", "modell tiny"),
        ("conv2d image", "conv3d image"),
        ("conv2d image", "conv2d picture"),
        ("channels=2", "channels=two"),
        ("channels=2", "channels=2 width=3"),
        ("-> 2x2x2", "-> 2x2x3"),
        ("kernel=3x3", "kernel=9x9"),
        ("AYF/AA==", "AYF/AA="),
        ("bias    100", "bias    1e3"),
        ("mean conv1 -> 2 scale=0.1", "mean conv1 -> 2"),
        ("output logits\n", ""),
        ("mean = mean", "conv1 = mean"),
    ];
    let messages: Vec<String> = cases
        .iter()
        .map(|(from, to)| parse(&good.replacen(from, to, 1)).unwrap_err().to_string())
        .collect();
    expect![[r#"
        line 1, column 7: format version 9 is not supported; this tool reads 1
        line 2, column 1: the second line must be 'model NAME'
        line 4, column 9: there is no operator 'conv3d'; the operators are conv2d, depthwise_conv2d, transpose_conv2d, dense, add, sub, mul, maximum, minimum, prelu, average_pool2d, max_pool2d, mean, reduce_mean, reduce_sum, reduce_max, arg_max, reshape, softmax, log_softmax, l2_norm, embedding, constant, pad, mirror_pad, transpose, slice, concat, gather, space_to_depth, depth_to_space, resize_nearest, resize_bilinear, matmul, lstm, rnn_tanh, rnn_relu, gru, gru_reset_after, darts_cell, svdf, unary
        line 4, column 16: there is no tensor 'picture' above this line
        line 4, column 9: channels=two is not a number that fits here
        line 4, column 67: the attribute 'width' does not belong here
        line 4, column 79: the shape is 2x2x2, the line says 2x2x3
        line 4, column 9: conv2d: a window of 9 does not fit the padded height of 5
        line 12, column 1: the weights above this line are not valid base64: Invalid padding
        line 7, column 11: '1e3' is not a number that fits here
        line 8, column 1: scale=… and zero=… are needed on every tensor
        line 12, column 1: 'output NAME' is missing
        line 8, column 1: the name 'conv1' is taken already
    "#]]
    .assert_eq(&(messages.join("\n") + "\n"));
}

proptest! {
    #[test]
    fn any_mutation_is_a_graph_or_an_error(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)
    ) {
        let mut bytes = print(&small()).into_bytes();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(network) = parse(&String::from_utf8_lossy(&bytes)) {
            // What was accepted prints and reads back to itself.
            let text = print(&network);
            prop_assert_eq!(print(&parse(&text).map_err(|e| proptest::test_runner::TestCaseError::fail(e.to_string()))?), text);
        }
    }

    #[test]
    fn any_text_is_a_graph_or_an_error(text in prop::collection::vec(any::<char>(), 0..200).prop_map(String::from_iter)) {
        let _ = parse(&text);
    }
}

#[test]
fn weights_may_come_from_a_seed() {
    // The generator's published test vector begins 16294208416658607535 for seed 0.
    let first = ((16_294_208_416_658_607_535_u64 >> 32) * 255) >> 32;
    assert_eq!(i64::from(seeded_weights(0, 1)[0]), first as i64 - 127);
    let weights = seeded_weights(7, 100_000);
    assert_eq!(weights.iter().min(), Some(&-127));
    assert_eq!(weights.iter().max(), Some(&127));

    let text = |weights: &str| {
        format!(
            "ember 1\nmodel m\ninput x 3 scale=1 zero=0\n\
             y = dense x features=2 -> 2 scale=1 zero=0\n  weights {weights}\n  scales 1\n  bias 0 0\noutput y\n"
        )
    };
    let network = parse(&text("seed=7")).unwrap();
    assert_eq!(
        network.params[0].as_ref().unwrap().weights,
        seeded_weights(7, 6)
    );
    for (wrong, message) in [
        ("seed=7 AAAA", "seed=… and nothing else"),
        ("AAAA seed=7", "seed=… and nothing else"),
        ("seed=x", "is not a number"),
    ] {
        let error = parse(&text(wrong)).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let huge = "ember 1\nmodel m\ninput x 100000 scale=1 zero=0\n\
                y = dense x features=100000 scale=1 zero=0\n  weights seed=1\noutput y\n";
    let error = parse(huge).unwrap_err().to_string();
    assert!(error.contains("a text may have 16777216"), "{error}");
}

#[test]
fn recurrent_layers_survive() {
    let text = "ember 1\nmodel m\ninput x 3x2 scale=0.1 zero=0\n\
        a = rnn_tanh x hidden=1 -> 3x1 scale=0.1 zero=0\n  weights seed=1\n  scales 0.5 0.25\n  bias 3\n\
        b = rnn_relu a hidden=2 -> 3x2 scale=0.1 zero=-128\n  weights seed=2\n  scales 0.5\n  bias 3 -4\n\
        c = gru b hidden=1 stateful=true -> 3x1 scale=0.01 zero=1\n  weights seed=3\n  scales 1 2 3 4 5 6\n  bias 1 2 3\n\
        d = gru_reset_after c hidden=1 -> 3x1 scale=0.01 zero=1\n  weights seed=4\n  scales 0.5\n  bias 1 2 3 4\n\
        e = lstm d hidden=1 cell_bits=11 stateful=true -> 3x1 scale=0.01 zero=1\n  weights seed=5\n  scales 0.5\n  bias 1 2 3 4\n\
        f = darts_cell e hidden=2 nodes=0:tanh,0:identity -> 3x2 scale=0.01 zero=0\n  weights seed=6\n  scales 0.5\n  bias 1 2 3 4 5 6 7 8 9 10 11 12\n\
        output f\n";
    let network = parse(text).unwrap();
    assert_eq!(crate::verify_quant(&network), []);
    assert_eq!(parse(&print(&network)).unwrap(), network);
    assert_eq!(
        network.graph.macs(),
        3 * (3 + 2 * 3 + 3 * 3 + 3 * 2 + 4 * 2 + 4 * (1 + 3 * 2))
    );
    let states = network.graph.nodes.iter().map(|node| node.op.state());
    assert_eq!(states.collect::<Vec<_>>(), [0, 0, 1, 0, 2, 0]);
    // A bias of the candidate's hidden values is missing.
    let missing = parse(&text.replacen("bias 1 2 3 4", "bias 1 2 3", 1)).unwrap();
    assert_eq!(crate::verify_quant(&missing).len(), 1);
    for nodes in ["1:tanh", "0:cos", "0", "0:tanh,2:relu", ""] {
        let wrong = text.replacen("0:tanh,0:identity", nodes, 1);
        let error = parse(&wrong).unwrap_err().to_string();
        assert!(error.contains("0:tanh,1:relu"), "{nodes}: {error}");
    }
    let many = text.replacen("0:tanh", &["0:tanh"; 8].join(","), 1);
    assert!(parse(&many).unwrap_err().to_string().contains("up to 8"));
}

#[test]
fn rows_slopes_and_streams_survive() {
    let text = "ember 1\nmodel m\ninput x 4 scale=0.1 zero=0\n\
        slope = constant shape=4 -> 4 scale=0.01 zero=3\n  weights AQIDBA==\n\
        bent = prelu x slope -> 4 scale=0.1 zero=0\n\
        long = l2_norm bent -> 4 scale=0.0078125 zero=0\n\
        seen = svdf bent units=1 rank=1 memory=2 state_bits=16 state_scale=0.001 act=relu -> 1 scale=0.1 zero=-128\n  \
        weights AQIDBA==\n  scales 0.5 0.25\n  bias 3 400 -5000\n\
        log = log_softmax bent -> 4 scale=0.0625 zero=127\n\
        output long\noutput seen\noutput log\n";
    let network = parse(text).unwrap();
    assert_eq!(crate::verify_quant(&network), []);
    assert_eq!(parse(&print(&network)).unwrap(), network);
    assert_eq!(network.graph.macs(), 4 + 2);
    let too_large = parse(&text.replace("-5000", "-50000")).unwrap();
    assert_eq!(crate::verify_quant(&too_large).len(), 1);
}
