//! Three small networks that together have every operator, with random weights from a seed.

use ember_codegen::emit::{Golden, Provenance};
use ember_codegen::front::Tables;
use ember_codegen::interpret::Interpreter;
use ember_codegen::plan::{Isa, Planned};
use ember_codegen::quantize::{RangeMethod, calibrate, quantize};
use ember_ir::{
    Activation, Add, AveragePool2d, Conv2d, Dense, DepthwiseConv2d, Graph, GraphBuilder, INT4_STEP,
    MaxPool2d, Mean, Op, QuantGraph, Reshape, Rounding, Shape, ShapeError, Softmax, WeightType,
    Window2d,
};

use crate::random_graphs::{Random, samples, with_weights};

/// A network of this module by name.
pub struct Model {
    /// The name, which is also that of its crate.
    pub name: &'static str,
    /// How it rounds.
    pub rounding: Rounding,
    graph: fn() -> Result<Graph, ShapeError>,
}

/// All of them.
pub const MODELS: [Model; 3] = [
    Model {
        name: "gesture_mlp",
        rounding: Rounding::Single,
        graph: gesture_mlp,
    },
    Model {
        name: "digit_cnn",
        rounding: Rounding::Single,
        graph: digit_cnn,
    },
    Model {
        name: "pulse_residual",
        rounding: Rounding::TfLite,
        graph: pulse_residual,
    },
];

impl Model {
    /// The topology.
    pub fn graph(&self) -> Graph {
        (self.graph)().unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// With weights, quantised and planned for any instruction set.
    pub fn planned(&self) -> Planned {
        self.planned_for(Isa::Any)
    }

    /// With weights, quantised and planned.
    pub fn planned_for(&self, isa: Isa) -> Planned {
        plan(quantized(self.graph(), self.rounding, 1), isa)
    }
}

/// A topology with random weights, quantised and planned for any instruction set.
pub fn planned(graph: Graph, rounding: Rounding, seed: u64) -> Planned {
    plan(quantized(graph, rounding, seed), Isa::Any)
}

/// The plan of a network of a test.
pub fn plan(network: QuantGraph, isa: Isa) -> Planned {
    let name = network.graph.name.clone();
    Planned::new(network, isa).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A topology with random weights, quantised.
pub fn quantized(graph: Graph, rounding: Rounding, seed: u64) -> QuantGraph {
    let name = graph.name.clone();
    let mut network = with_weights(graph, seed);
    // Trained channels differ in scale; with equal ones their shifts would be equal too.
    let mut random = Random::new(seed);
    for (node, params) in network.graph.nodes.iter().zip(&mut network.params) {
        let Some(params) = params else { continue };
        let channels = params.bias.len();
        // A constant has none, and a filter of streams one scale for all.
        if channels == 0 || matches!(node.op, Op::Svdf(_)) {
            continue;
        }
        let scales: Vec<f32> = (0..channels).map(|_| random.real().exp2()).collect();
        // A bias that a reset weights has no row.
        let rows = match &node.op {
            Op::Recurrent(op) => op.rows(),
            // Nor have those of nodes.
            Op::DartsCell(op) => op.rows(),
            _ => channels,
        };
        let run = params.weights.len() / rows;
        for (index, weight) in params.weights.iter_mut().enumerate() {
            // Depthwise weights have their channels innermost.
            *weight *= match node.op {
                Op::DepthwiseConv2d(_) => scales[index % channels],
                _ => scales[index / run],
            };
        }
    }
    let samples = samples(&network.graph, seed, 16);
    let ranges = calibrate(
        &network,
        samples.iter().map(Vec::as_slice),
        RangeMethod::MinMax,
    );
    quantize(&network, &ranges, rounding).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The network with int4 weights wherever a kernel has them: each the next multiple of 16 towards zero.
pub fn in_int4(mut network: QuantGraph) -> QuantGraph {
    for index in 0..network.graph.nodes.len() {
        let has_int16 = network.graph.has_int16(&network.graph.nodes[index]);
        let node = &mut network.graph.nodes[index];
        if let Some(params) = &mut network.params[index]
            && node.op.has_int4()
            && !has_int16
        {
            node.weights = WeightType::Int4;
            for weight in &mut params.weights {
                *weight -= *weight % INT4_STEP;
            }
        }
    }
    network
}

/// Random samples with the outputs that the interpreter computes, behind the front end if there is one, or after
/// all calls of a sample; every second one is saturated.
pub fn golden(planned: &Planned, count: usize) -> Vec<Golden> {
    let interpreter = Interpreter::new(planned.network())
        .unwrap_or_else(|error| panic!("BUG: a planned network: {error}"));
    let mut random = Random::new(0x901d);
    let mut stream = interpreter.start();
    (0..count)
        .map(|index: usize| {
            let gain = if index.is_multiple_of(2) {
                127.0
            } else {
                400.0
            };
            let value = |_| (random.real() * gain) as i8;
            let Some(front) = planned.front() else {
                let call = interpreter.input_len();
                let input: Vec<i8> = (0..call * planned.calls()).map(value).collect();
                if planned.calls() > 1 {
                    stream = interpreter.start();
                }
                let calls = input.chunks_exact(call);
                let output = calls.fold(Vec::new(), |_, part| stream.run(part));
                return Golden { input, output };
            };
            // Noise, each sample's a sixteenth as loud as the one's before.
            let sound = (0..front.sample_bytes() / 2).flat_map(|_| {
                ((random.real() * 32767.0) as i16 >> (4 * index.min(3))).to_le_bytes()
            });
            let input: Vec<i8> = sound.map(u8::cast_signed).collect();
            let tables = Tables::new(&front.spec).unwrap_or_else(|error| panic!("{error}"));
            let output = stream.run(&front.input(&tables, &input));
            Golden { input, output }
        })
        .collect()
}

/// Provenance with something in every field.
pub fn provenance(model: &Model) -> Provenance {
    let outputs = model
        .graph()
        .outputs
        .first()
        .map_or(0, |&id| model.graph().tensor(id).shape.elements());
    Provenance {
        tool_version: "0.1.0".to_owned(),
        task: format!("tells {outputs} classes apart"),
        inputs: vec!["brightness: real = raw / 16 - 0.5".to_owned()],
        classes: (0..outputs).map(|class| format!("class {class}")).collect(),
        threshold: None,
        figures: vec![(
            "int8 accuracy, test set".to_owned(),
            "97.8 % of 500 samples".to_owned(),
        )],
        source: None,
        config_hash: Some("0123456789abcdef".to_owned()),
        seed: Some(42),
        data: Some("random numbers".to_owned()),
    }
}

fn gesture_mlp() -> Result<Graph, ShapeError> {
    let mut b = GraphBuilder::new("gesture_mlp");
    let input = b.input("motion", [12]);
    let hidden = b.node("hidden", dense(10, Activation::Relu), &[input])?;
    let logits = b.node("logits", dense(3, Activation::None), &[hidden])?;
    let probabilities = b.node("probabilities", Op::Softmax(Softmax {}), &[logits])?;
    Ok(b.finish(&[probabilities]))
}

fn digit_cnn() -> Result<Graph, ShapeError> {
    let mut b = GraphBuilder::new("digit_cnn");
    let input = b.input("image", [8, 8, 1]);
    let window = Window2d::same([8, 8], [3, 3], [1, 1]);
    let x = b.node("conv1", conv(window, 8), &[input])?;
    let depthwise = DepthwiseConv2d {
        window: Window2d::same([8, 8], [3, 3], [2, 2]),
        multiplier: 1,
        activation: Activation::Relu,
    };
    let x = b.node("block1/depthwise", Op::DepthwiseConv2d(depthwise), &[x])?;
    let x = b.node(
        "block1/pointwise",
        conv(Window2d::valid([1, 1], [1, 1]), 10),
        &[x],
    )?;
    let x = b.node("mean", Op::Mean(Mean {}), &[x])?;
    let logits = b.node("logits", dense(10, Activation::None), &[x])?;
    Ok(b.finish(&[logits]))
}

fn pulse_residual() -> Result<Graph, ShapeError> {
    let mut b = GraphBuilder::new("pulse_residual");
    let input = b.input("pulse", [1, 24, 2]);
    let stem = Window2d::valid([1, 5], [1, 1]);
    let stem = b.node("stem", conv(stem, 4), &[input])?;
    let narrow = Window2d::same([1, 20], [1, 3], [1, 1]);
    let branch = b.node("branch", conv(narrow, 4), &[stem])?;
    let add = Op::Add(Add {
        activation: Activation::Relu,
    });
    let x = b.node("join", add, &[stem, branch])?;
    let halves = Window2d::valid([1, 2], [1, 2]);
    let pool = MaxPool2d {
        window: halves,
        activation: Activation::None,
    };
    let x = b.node("peaks", Op::MaxPool2d(pool), &[x])?;
    let pool = AveragePool2d {
        window: halves,
        activation: Activation::None,
    };
    let x = b.node("smooth", Op::AveragePool2d(pool), &[x])?;
    let flat = Op::Reshape(Reshape {
        shape: Shape::from([20]),
    });
    let x = b.node("flat", flat, &[x])?;
    let logits = b.node("logits", dense(2, Activation::None), &[x])?;
    Ok(b.finish(&[logits]))
}

fn conv(window: Window2d, out_channels: usize) -> Op {
    Op::Conv2d(Conv2d {
        window,
        out_channels,
        activation: Activation::Relu,
    })
}

fn dense(out_features: usize, activation: Activation) -> Op {
    Op::Dense(Dense {
        over_rows: false,
        out_features,
        activation,
    })
}
