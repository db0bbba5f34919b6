//! Random networks for property tests: the same seed gives the same network everywhere.
//!
//! They are small (a handful of nodes, a few hundred elements) and unlike what the search produces:
//! several readers per tensor, dead branches, odd paddings, dilations, reshapes in between. Every one
//! passes the verifier.

use ember_codegen::quantize::{RangeMethod, calibrate, quantize};
use ember_ir::{
    Activation, Add, AveragePool2d, Cell, Conv2d, DartsCell, Dense, DepthwiseConv2d, FloatGraph,
    FloatParams, Function, Graph, GraphBuilder, Lstm, MaxPool2d, Mean, Move, Op, Padding,
    QuantGraph, Real, Recurrent, Reshape, Rounding, Shape, Softmax, TensorId, Unary, WeightType,
    Window2d, verify_graph,
};
mod chains;
mod functions;
pub mod int16;
mod others;
mod recurrent;
mod tokens;

pub use chains::chain;
pub use functions::functions;
pub use int16::int16;
pub(crate) use others::{bilinear, movement, product, transposed};
pub use recurrent::{nodes, recurrent};
pub use tokens::tokens;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Random numbers from a seed.
pub struct Random(ChaCha8Rng);

impl Random {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// An integer below `end`, which must be positive.
    pub fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end as u64) as usize
    }

    /// An integer from `low` to `high`, both included.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// A number in [−1, 1).
    pub fn real(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1u32 << 23) as f32 - 1.0
    }

    /// One of a few.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A topology of at most `nodes` nodes (at least one).
pub fn graph(seed: u64, nodes: usize) -> Graph {
    let mut random = Random::new(seed);
    loop {
        let graph = attempt(&mut random, nodes);
        if !graph.nodes.is_empty() && verify_graph(&graph).is_empty() && !joins_fixed(&graph) {
            return graph;
        }
    }
}

/// Whether values of a fixed range (a softmax's) share their scale with others, which `quantize` refuses
/// where these do not fit.
fn joins_fixed(graph: &Graph) -> bool {
    let mut fixed = vec![false; graph.tensors.len()];
    graph.nodes.iter().any(|node| {
        let of_fixed = node.op.shares_quant() && node.inputs.iter().any(|input| fixed[input.0]);
        fixed[node.output.0] = of_fixed || node.op.fixed_output().is_some();
        of_fixed && (node.inputs.len() > 1 || matches!(node.op, Op::Move(Move::Pad(_))))
    })
}

/// A topology of a transposed convolution, a bilinear resize, a dense layer over rows and a product of two
/// tensors, one after the other.
pub fn products(seed: u64) -> Graph {
    let mut random = Random::new(seed);
    loop {
        let graph = others::products(&mut random);
        if let Some(graph) = graph.filter(|graph| verify_graph(graph).is_empty()) {
            return graph;
        }
    }
}

/// A trained network: weights as an initialiser would draw them, biases within ±0.5.
pub fn float(seed: u64, nodes: usize) -> FloatGraph {
    with_weights(graph(seed, nodes), seed)
}

/// Random weights for a topology.
pub fn with_weights(graph: Graph, seed: u64) -> FloatGraph {
    let mut random = Random::new(seed ^ 0x5eed);
    let params = graph.nodes.iter().map(|node| {
        let input = graph.input_shape(node);
        let weights = node.op.weight_shape(input)?.elements();
        let channels = node.op.weight_channels(input)?;
        // A constant has values, and no channels.
        let taps = weights.checked_div(channels).unwrap_or(3).max(1);
        let bound = (3.0 / taps as f32).sqrt();
        Some(FloatParams {
            weights: (0..weights).map(|_| random.real() * bound).collect(),
            bias: (0..channels).map(|_| random.real() * 0.5).collect(),
        })
    });
    FloatGraph {
        params: params.collect(),
        graph,
    }
}

/// `count` samples for a network's inputs: values in [−1, 1), or numbers from 0 to 100 where an embedding reads
/// them.
pub fn samples(graph: &Graph, seed: u64, count: usize) -> Vec<Vec<f32>> {
    let mut random = Random::new(seed ^ 0x5a3b1e);
    let inputs = graph
        .inputs
        .iter()
        .map(|&id| graph.tensor(id).shape.elements());
    let elements: usize = inputs.sum();
    let are_numbers = graph
        .nodes
        .iter()
        .any(|node| matches!(node.op, Op::Embedding(_)));
    let value = |x: f32| if are_numbers { 50.0 * (x + 1.0) } else { x };
    (0..count)
        .map(|_| (0..elements).map(|_| value(random.real())).collect())
        .collect()
}

/// The int8 form of [`float`], calibrated on 16 of its [`samples`].
pub fn quantized(seed: u64, nodes: usize, rounding: Rounding) -> QuantGraph {
    in_int8(float(seed, nodes), seed, rounding)
}

/// The int8 form of a network, calibrated on 16 of its [`samples`].
pub fn in_int8(network: FloatGraph, seed: u64, rounding: Rounding) -> QuantGraph {
    let samples = samples(&network.graph, seed, 16);
    let ranges = calibrate(
        &network,
        samples.iter().map(Vec::as_slice),
        RangeMethod::MinMax,
    );
    quantize(&network, &ranges, rounding).unwrap_or_else(|error| panic!("seed {seed}: {error}"))
}

/// Those that every real number has a finite result of.
const FUNCTIONS: [Function; 10] = [
    Function::Logistic,
    Function::Tanh,
    Function::RELU6,
    Function::RELU_N1_TO_1,
    Function::LeakyRelu {
        alpha: Real::new(0.2),
    },
    Function::HardSwish,
    Function::Elu,
    Function::Abs,
    Function::Neg,
    Function::Quantize,
];

fn attempt(random: &mut Random, nodes: usize) -> Graph {
    let mut builder = GraphBuilder::new("random");
    let shape = [
        random.between(1, 9),
        random.between(1, 9),
        random.between(1, 6),
    ];
    let mut tensors = vec![builder.input("input", shape)];
    if random.below(8) == 0 {
        tensors.push(builder.input("side", shape));
    }
    let count = random.between(1, nodes);
    for _ in 0..3 * count {
        let is_last = tensors.len() == count;
        // Mostly the newest tensor, so that networks get deep; sometimes an older one.
        let input = match random.below(3) {
            0 => random.pick(&tensors),
            _ => tensors[tensors.len() - 1],
        };
        let (op, inputs) = match random.below(3) {
            0 => others::operator(random, &mut builder, &mut tensors, input, is_last),
            _ => operator(random, &builder, &tensors, input),
        };
        let name = format!("{}_{}", op.name(), tensors.len());
        // What does not fit this input is drawn again.
        let may_halve = op.has_int4();
        if let Ok(output) = builder.node(name, op, &inputs) {
            tensors.push(output);
            if may_halve && random.below(3) == 0 {
                builder.weights(WeightType::Int4);
            }
        }
        if tensors.len() > count {
            break;
        }
    }
    let mut outputs = vec![tensors[tensors.len() - 1]];
    if random.below(6) == 0 {
        let other = random.pick(&tensors);
        if other != outputs[0] {
            outputs.push(other);
        }
    }
    builder.finish(&outputs)
}

fn operator(
    random: &mut Random,
    builder: &GraphBuilder,
    tensors: &[TensorId],
    input: TensorId,
) -> (Op, Vec<TensorId>) {
    let activation = random.pick(&[Activation::None, Activation::Relu, Activation::Relu6]);
    let shape = builder.shape(input);
    let op = match random.below(17) {
        0..=2 => Op::Conv2d(Conv2d {
            window: window(random, shape),
            out_channels: random.between(1, 7),
            activation,
        }),
        3..=4 => Op::DepthwiseConv2d(DepthwiseConv2d {
            window: match (random.below(4), shape.hwc()) {
                // The ending of searched networks.
                (0, Some([height, width, _])) => Window2d::valid([height, width], [1, 1]),
                _ => window(random, shape),
            },
            multiplier: random.pick(&[1, 1, 1, 2]),
            activation,
        }),
        5..=6 => {
            let like: Vec<TensorId> = tensors
                .iter()
                .copied()
                .filter(|&id| builder.shape(id) == shape)
                .collect();
            return (Op::Add(Add { activation }), vec![input, random.pick(&like)]);
        }
        7 => Op::AveragePool2d(AveragePool2d {
            window: window(random, shape),
            activation,
        }),
        8 => Op::MaxPool2d(MaxPool2d {
            window: window(random, shape),
            activation,
        }),
        9 => Op::Reshape(Reshape {
            shape: reshaped(random, shape),
        }),
        10 => Op::Dense(Dense {
            over_rows: random.below(2) == 0,
            out_features: random.between(1, 9),
            activation,
        }),
        11..=12 => Op::Unary(Unary {
            function: random.pick(&FUNCTIONS),
        }),
        13..=14 => match shape.dims() {
            [_, _] if random.below(3) == 0 => Op::DartsCell(DartsCell {
                nodes: nodes(random, 3),
                hidden: random.between(1, 6),
                stateful: false,
            }),
            [_, _] if random.below(2) == 0 => Op::Recurrent(Recurrent {
                cell: random.pick(&Cell::ALL),
                hidden: random.between(1, 6),
                stateful: false,
            }),
            [_, _] => Op::Lstm(Lstm {
                hidden: random.between(1, 6),
                cell_bits: random.pick(&[11, 12, 13]),
                clip: random.pick(&[Real::new(f32::INFINITY), Real::new(1.5)]),
                stateful: false,
            }),
            // A sequence for the next one.
            _ => Op::Reshape(Reshape {
                shape: sequence(random, shape),
            }),
        },
        15 => Op::Softmax(Softmax {}),
        _ if shape.dims().len() == 1 => Op::Softmax(Softmax {}),
        _ => Op::Mean(Mean {}),
    };
    (op, vec![input])
}

fn window(random: &mut Random, shape: &Shape) -> Window2d {
    let pair = |random: &mut Random, from: &[usize]| [random.pick(from), random.pick(from)];
    let kernel = pair(random, &[1, 1, 2, 3, 3, 4]);
    let mut window = Window2d::valid(kernel, pair(random, &[1, 1, 1, 2, 3]));
    window.dilation = pair(random, &[1, 1, 1, 1, 2]);
    let [height, width, _] = shape.hwc().unwrap_or([1, 1, 1]);
    match random.below(3) {
        0 => window,
        1 => window.with_same_padding([height, width]),
        _ => {
            let mut side = |axis: usize| random.below(window.extent(axis));
            window.padding = Padding {
                top: side(0),
                bottom: side(0),
                left: side(1),
                right: side(1),
            };
            window
        }
    }
}

fn sequence(random: &mut Random, shape: &Shape) -> Shape {
    let elements = shape.elements();
    let steps = random.pick(&[2, 3, 4, 1]);
    match elements % steps {
        0 => Shape::from([steps, elements / steps]),
        _ => Shape::from([1, elements]),
    }
}

fn reshaped(random: &mut Random, shape: &Shape) -> Shape {
    let elements = shape.elements();
    match random.below(4) {
        0 => shape.clone(),
        1 => Shape::from([1, 1, elements]),
        2 => Shape::from([1, elements, 1]),
        _ => Shape::from([elements]),
    }
}
