//! The four networks of the MLPerf Tiny benchmark as int8 networks, with weights from a seed: their
//! shapes decide what they cost, their outputs mean nothing. `tests/nets/*.ember` are their texts.
//!
//! Source of the shapes: Banbury et al., MLPerf Tiny Benchmark, 2021, and its reference models.

use ember_codegen::quantize::{RangeMethod, calibrate, quantize};
use ember_ir::text::{print, seeded_weights};
use ember_ir::{
    Activation, Add, AveragePool2d, Conv2d, Dense, DepthwiseConv2d, FloatGraph, FloatParams, Graph,
    GraphBuilder, Node, Op, QuantParams, Rounding, ShapeError, Softmax, TensorId, Window2d,
};

use crate::random_graphs::{Random, samples};

/// Samples that ranges are calibrated on.
const SAMPLES: usize = 4;

/// A network by name.
pub struct Net {
    /// Name of the network and of its file.
    pub name: &'static str,
    graph: fn(&str) -> Result<Graph, ShapeError>,
}

/// All of them, as the benchmark orders them.
pub const NETS: [Net; 4] = [
    Net {
        name: "ad",
        graph: anomaly_detection,
    },
    Net {
        name: "kws",
        graph: keyword_spotting,
    },
    Net {
        name: "vww",
        graph: visual_wake_words,
    },
    Net {
        name: "ic",
        graph: image_classification,
    },
];

impl Net {
    /// The text of the network.
    ///
    /// # Panics
    /// If the network is not valid: a bug of this module.
    pub fn text(&self) -> String {
        let graph = (self.graph)(self.name).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        let units: Vec<Option<Units>> = graph.nodes.iter().enumerate().map(units(&graph)).collect();
        let params = graph.nodes.iter().zip(&units).map(|(node, units)| {
            let units = units.as_ref()?;
            let weights = units.weights(&graph, node);
            let scales = units.each(node, weights.len());
            let weights = weights.into_iter().zip(scales);
            Some(FloatParams {
                weights: weights.map(|(w, unit)| f32::from(w) * unit).collect(),
                bias: units.bias.clone(),
            })
        });
        let float = FloatGraph {
            params: params.collect(),
            graph: graph.clone(),
        };
        let samples = samples(&graph, 1, SAMPLES);
        let ranges = calibrate(
            &float,
            samples.iter().map(Vec::as_slice),
            RangeMethod::MinMax,
        );
        let mut network = quantize(&float, &ranges, Rounding::TfLite)
            .unwrap_or_else(|e| panic!("{}: {e}", self.name));
        // The weights are the seeded ones, whatever their maxima; so are their units.
        for ((node, units), params) in graph.nodes.iter().zip(&units).zip(&mut network.params) {
            let (Some(units), Some(params)) = (units, params) else {
                continue;
            };
            let input = network.quants[node.inputs[0].0].scale;
            let bias = units.bias.iter().zip(&units.scales);
            *params = QuantParams {
                weights: Vec::new(),
                bias: bias
                    .map(|(b, s)| i64::from((b / (input * s)).round() as i32))
                    .collect(),
                scales: units.scales.clone(),
            };
        }
        let mut text = String::new();
        let mut seeds = units.iter().flatten().map(|units| units.seed);
        for line in print(&network).lines() {
            // The weights stand before the scales.
            if line.trim_start().starts_with("scales")
                && let Some(seed) = seeds.next()
            {
                text += &format!("  weights seed={seed}\n");
            }
            text += line;
            text.push('\n');
        }
        text
    }
}

/// What a node's integers stand for.
struct Units {
    seed: u64,
    /// Of a weight's step, per channel.
    scales: Vec<f32>,
    /// In real numbers.
    bias: Vec<f32>,
}

/// Draws the units of a node: outputs about as large as inputs, channels that differ as trained ones do.
fn units(graph: &Graph) -> impl Fn((usize, &Node)) -> Option<Units> {
    |(index, node)| {
        let input = graph.input_shape(node);
        let weights = node.op.weight_shape(input)?.elements();
        let channels = node.op.weight_channels(input)?;
        let seed = index as u64 + 1;
        let mut random = Random::new(seed);
        let unit = (3.0 / (weights / channels) as f32).sqrt() / 127.0;
        Some(Units {
            seed,
            scales: (0..channels).map(|_| unit * random.real().exp2()).collect(),
            bias: (0..channels).map(|_| 0.5 * random.real()).collect(),
        })
    }
}

impl Units {
    fn weights(&self, graph: &Graph, node: &Node) -> Vec<i8> {
        let shape = node.op.weight_shape(graph.input_shape(node));
        seeded_weights(self.seed, shape.map_or(0, |shape| shape.elements()))
    }

    /// The scale of each of `count` weights.
    fn each(&self, node: &Node, count: usize) -> impl Iterator<Item = f32> {
        let channels = self.scales.len();
        let run = count / channels;
        // Depthwise weights have their channels innermost.
        let is_depthwise = matches!(node.op, Op::DepthwiseConv2d(_));
        (0..count).map(move |index| {
            self.scales[if is_depthwise {
                index % channels
            } else {
                index / run
            }]
        })
    }
}

fn anomaly_detection(name: &str) -> Result<Graph, ShapeError> {
    let mut net = Builder::new(name);
    let mut x = net.0.input("spectrum", [640]);
    for (index, width) in [128, 128, 128, 128, 8, 128, 128, 128, 128]
        .into_iter()
        .enumerate()
    {
        x = net.dense(&format!("dense{}", index + 1), width, Activation::Relu, x)?;
    }
    let x = net.dense("reconstruction", 640, Activation::None, x)?;
    Ok(net.0.finish(&[x]))
}

fn keyword_spotting(name: &str) -> Result<Graph, ShapeError> {
    let mut net = Builder::new(name);
    let mut x = net.0.input("features", [49, 10, 1]);
    x = net.conv("conv1", [10, 4], [2, 2], 64, Activation::Relu, x)?;
    for block in 1..=4 {
        x = net.separable(block, 1, 64, x)?;
    }
    net.classify(12, x)
}

fn visual_wake_words(name: &str) -> Result<Graph, ShapeError> {
    let mut net = Builder::new(name);
    let mut x = net.0.input("image", [96, 96, 3]);
    x = net.conv("conv1", [3, 3], [2, 2], 8, Activation::Relu, x)?;
    let blocks = [
        (1, 16),
        (2, 32),
        (1, 32),
        (2, 64),
        (1, 64),
        (2, 128),
        (1, 128),
        (1, 128),
    ];
    let rest = [(1, 128), (1, 128), (1, 128), (2, 256), (1, 256)];
    for (index, (stride, width)) in blocks.into_iter().chain(rest).enumerate() {
        x = net.separable(index + 1, stride, width, x)?;
    }
    net.classify(2, x)
}

fn image_classification(name: &str) -> Result<Graph, ShapeError> {
    let mut net = Builder::new(name);
    let mut x = net.0.input("image", [32, 32, 3]);
    x = net.conv("conv1", [3, 3], [1, 1], 16, Activation::Relu, x)?;
    for (stage, (stride, width)) in [(1, 16), (2, 32), (2, 64)].into_iter().enumerate() {
        let stage = stage + 1;
        let strides = [stride, stride];
        let a = net.conv(
            &format!("stage{stage}a"),
            [3, 3],
            strides,
            width,
            Activation::Relu,
            x,
        )?;
        let b = net.conv(
            &format!("stage{stage}b"),
            [3, 3],
            [1, 1],
            width,
            Activation::None,
            a,
        )?;
        let skip = match stride {
            1 => x,
            _ => net.conv(
                &format!("skip{stage}"),
                [1, 1],
                strides,
                width,
                Activation::None,
                x,
            )?,
        };
        let add = Op::Add(Add {
            activation: Activation::Relu,
        });
        x = net.0.node(format!("add{stage}"), add, &[b, skip])?;
    }
    net.classify(10, x)
}

struct Builder(GraphBuilder);

impl Builder {
    fn new(name: &str) -> Self {
        Self(GraphBuilder::new(name))
    }

    fn same(&self, kernel: [usize; 2], stride: [usize; 2], x: TensorId) -> Window2d {
        let [height, width, _] = self.0.shape(x).hwc().unwrap_or_default();
        Window2d::same([height, width], kernel, stride)
    }

    fn conv(
        &mut self,
        name: &str,
        kernel: [usize; 2],
        stride: [usize; 2],
        out_channels: usize,
        activation: Activation,
        x: TensorId,
    ) -> Result<TensorId, ShapeError> {
        let op = Conv2d {
            window: self.same(kernel, stride, x),
            out_channels,
            activation,
        };
        self.0.node(name, Op::Conv2d(op), &[x])
    }

    /// Depthwise 3×3, then pointwise.
    fn separable(
        &mut self,
        block: usize,
        stride: usize,
        width: usize,
        x: TensorId,
    ) -> Result<TensorId, ShapeError> {
        let op = DepthwiseConv2d {
            window: self.same([3, 3], [stride, stride], x),
            multiplier: 1,
            activation: Activation::Relu,
        };
        let x = self
            .0
            .node(format!("depthwise{block}"), Op::DepthwiseConv2d(op), &[x])?;
        self.conv(
            &format!("pointwise{block}"),
            [1, 1],
            [1, 1],
            width,
            Activation::Relu,
            x,
        )
    }

    fn dense(
        &mut self,
        name: &str,
        out_features: usize,
        activation: Activation,
        x: TensorId,
    ) -> Result<TensorId, ShapeError> {
        let op = Dense {
            over_rows: false,
            out_features,
            activation,
        };
        self.0.node(name, Op::Dense(op), &[x])
    }

    /// Average over the map, a fully connected layer, softmax.
    fn classify(mut self, classes: usize, x: TensorId) -> Result<Graph, ShapeError> {
        let [height, width, _] = self.0.shape(x).hwc().unwrap_or_default();
        let pool = AveragePool2d {
            window: Window2d::valid([height, width], [1, 1]),
            activation: Activation::None,
        };
        let x = self.0.node("pool", Op::AveragePool2d(pool), &[x])?;
        let x = self.dense("logits", classes, Activation::None, x)?;
        let x = self
            .0
            .node("probabilities", Op::Softmax(Softmax {}), &[x])?;
        Ok(self.0.finish(&[x]))
    }
}
