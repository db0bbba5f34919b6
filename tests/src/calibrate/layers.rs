//! Random layers like those of searched networks, each the last node of a network of its own.

use ember_ir::{
    Activation, Add, AveragePool2d, BinaryFunction, Cell, Conv2d, DartsCell, Dense,
    DepthwiseConv2d, Function, Graph, GraphBuilder, Lstm, MaxPool2d, Mean, Node, Op, QuantGraph,
    Real, Recurrent, Shape, Softmax, Unary, WeightType, Window2d,
};

use super::others;
use crate::random_graphs::int16::{self, Kind as Int16};
use crate::random_graphs::{Random, nodes};

/// How many layers of each kind are measured.
const COUNTS: [(Kind, usize); 10] = [
    (Kind::Conv2d, 330),
    (Kind::DepthwiseConv2d, 480),
    (Kind::Dense, 110),
    (Kind::Add, 40),
    (Kind::AveragePool2d, 60),
    (Kind::MaxPool2d, 60),
    (Kind::Mean, 40),
    (Kind::Softmax, 16),
    (Kind::Lstm, 50),
    (Kind::Unary, 16),
];

#[derive(Clone, Copy)]
enum Kind {
    Conv2d,
    DepthwiseConv2d,
    Dense,
    Add,
    AveragePool2d,
    MaxPool2d,
    Mean,
    Softmax,
    Lstm,
    Unary,
}

/// Whether a network's layer is measured as one of a model with others that leave channels over: code for
/// these is then there, whether it is used or not.
pub fn among_others(index: usize) -> bool {
    index % 2 == 1
}

/// Networks `l0`, `l1`, … whose last node, `layer`, is to be measured.
pub fn single_layers(seed: u64) -> Vec<Graph> {
    let mut random = Random::new(seed);
    let mut graphs = Vec::new();
    for (kind, count) in COUNTS {
        let mut drawn = 0;
        while drawn < count {
            if let Some(graph) = draw(&mut random, kind, graphs.len()) {
                graphs.push(graph);
                drawn += 1;
            }
        }
    }
    graphs.extend(others::single_layers(&mut random, graphs.len()));
    graphs
}

/// How many layers of int16 are measured.
const INT16: [(Int16, usize); 7] = [
    (Int16::Conv2d, 60),
    (Int16::DepthwiseConv2d, 60),
    (Int16::Dense, 40),
    (Int16::Add, 24),
    (Int16::AveragePool2d, 40),
    (Int16::MaxPool2d, 40),
    (Int16::Quantize, 36),
];

/// How many layers with int4 weights are measured.
const INT4: usize = 320;

/// Networks of int16 like those of [`single_layers`], whose names count on from `first`.
pub fn int16_layers(seed: u64, first: usize) -> Vec<QuantGraph> {
    let mut random = Random::new(seed);
    let mut networks = Vec::new();
    for (kind, count) in INT16 {
        let mut drawn = 0;
        while drawn < count {
            let name = format!("l{}", first + networks.len());
            if let Some(network) = int16::single_layer(&mut random, kind, &name) {
                networks.push(network);
                drawn += 1;
            }
        }
    }
    networks
}

/// Convolutions with one tap and fully connected layers with int4 weights, whose names count on from `first`.
pub fn int4_layers(seed: u64, first: usize) -> Vec<Graph> {
    let mut random = Random::new(seed);
    let mut graphs = Vec::new();
    while graphs.len() < INT4 {
        let kind = match graphs.len() % 5 {
            0..=2 => Kind::Conv2d,
            _ => Kind::Dense,
        };
        let graph = draw(&mut random, kind, first + graphs.len());
        let is_halved = |node: &Node| node.op.has_int4();
        if let Some(mut graph) = graph.filter(|graph| graph.nodes.iter().all(is_halved)) {
            for node in &mut graph.nodes {
                node.weights = WeightType::Int4;
            }
            graphs.push(graph);
        }
    }
    graphs
}

/// How many endings that sum up a whole map, with weights of their own, are measured.
const DOTS: usize = 240;

/// Depthwise convolutions whose window is their input, whose names count on from `first`.
pub fn dots(seed: u64, first: usize) -> Vec<Graph> {
    let mut random = Random::new(seed);
    let draw = |index: usize| {
        let mut builder = GraphBuilder::new(format!("l{}", first + index));
        let [height, width] =
            random.pick(&[[1, 1], [2, 2], [3, 3], [4, 4], [7, 7], [1, 8], [1, 25]]);
        let channels = random.pick(&[1, 3, 6, 8, 12, 16, 20, 24, 32, 40]);
        let input = builder.input("input", [height, width, channels]);
        let op = Op::DepthwiseConv2d(DepthwiseConv2d {
            window: Window2d::valid([height, width], [1, 1]),
            multiplier: 1,
            activation: random.pick(&[Activation::None, Activation::Relu, Activation::Relu6]),
        });
        let output = builder.node("layer", op, &[input]).ok()?;
        Some(builder.finish(&[output]))
    };
    (0..DOTS).filter_map(draw).collect()
}

/// How many recurrent layers are measured, and how many of DARTS' cell.
const PLAIN: usize = 120;
const CELLS: usize = 80;

/// Recurrent layers of every cell, whose names count on from `first`.
pub fn recurrent_layers(seed: u64, first: usize) -> Vec<Graph> {
    let mut random = Random::new(seed);
    let draw = |index: usize| {
        let mut builder = GraphBuilder::new(format!("l{}", first + index));
        let steps = random.pick(&[1, 2, 3, 6, 9]);
        let input = builder.input("input", [steps, random.between(1, 20)]);
        let hidden = random.pick(&[2, 4, 8, 11, 16, 20]);
        let op = match index {
            ..PLAIN => Op::Recurrent(Recurrent {
                cell: Cell::ALL[index % Cell::ALL.len()],
                hidden,
                stateful: false,
            }),
            _ => Op::DartsCell(DartsCell {
                nodes: nodes(&mut random, 4),
                hidden,
                stateful: false,
            }),
        };
        let output = builder.node("layer", op, &[input]).ok()?;
        Some(builder.finish(&[output]))
    };
    (0..PLAIN + CELLS).filter_map(draw).collect()
}

/// Makes the factor of the last layer one that no short form of requantisation holds for: with weights that
/// of a channel, if `dead`.
pub fn finish_one_by_one(network: &mut QuantGraph, dead: bool) {
    let Some(node) = network.graph.nodes.last() else {
        return;
    };
    let Some(input) = node.inputs.first() else {
        return;
    };
    let input = network.quants[input.0].scale;
    let weights = network.params.last_mut().and_then(|params| params.as_mut());
    network.quants[node.output.0].scale = match (weights, &node.op) {
        // Nothing is computed.
        (Some(params), _) if params.scales.is_empty() => return,
        // A channel that does next to nothing, as trained networks have them: a right shift of more than
        // 22 bits.
        (Some(params), _) if dead => {
            params.scales[0] *= 0.5f32.powi(22);
            return;
        }
        // Factors near one.
        (Some(params), _) => params.scales.iter().fold(0.0f32, |most, &s| most.max(s)) * input,
        // A right shift of more than 22 bits.
        (None, Op::Add(_)) => input * 100.0,
        (None, Op::Binary(op)) => match op.function {
            BinaryFunction::Sub => input * 100.0,
            BinaryFunction::Mul => input * network.quants[node.inputs[1].0].scale,
            BinaryFunction::Maximum | BinaryFunction::Minimum | BinaryFunction::Prelu => return,
        },
        (None, _) => return,
    };
}

fn draw(random: &mut Random, kind: Kind, index: usize) -> Option<Graph> {
    let mut builder = GraphBuilder::new(format!("l{index}"));
    // Widths are multiples of four but for a network's input.
    let widths = [4, 8, 8, 12, 16, 16, 20, 24, 32, 40];
    let channels = match random.below(4) {
        0 => random.pick(&[1, 1, 2, 3, 6]),
        _ => random.pick(&widths),
    };
    let (height, width) = match random.below(2) {
        0 => (1, random.pick(&[6, 8, 13, 16, 20, 25, 32, 50])),
        _ => {
            let side = match kind {
                // From an image down to the last pixel of a network that keeps halving it.
                Kind::DepthwiseConv2d => {
                    random.pick(&[1, 2, 3, 4, 4, 6, 7, 8, 8, 8, 10, 14, 20, 24])
                }
                _ => random.pick(&[4, 4, 6, 7, 8, 8, 8, 10, 14]),
            };
            (side, side)
        }
    };
    let image = [height, width, channels];
    let filters = match random.below(5) {
        0 => random.pick(&[1, 2, 3, 5, 6, 10]),
        _ => random.pick(&widths),
    };
    let features = random.pick(&[2, 3, 4, 5, 6, 8, 10, 10, 12, 16, 32, 64]);
    let activation = random.pick(&[Activation::None, Activation::Relu, Activation::Relu6]);
    let (shape, op) = match kind {
        Kind::Conv2d => {
            let window = window(random, image, &[1, 1, 1, 3, 3, 5, 7]);
            (
                image.to_vec(),
                Op::Conv2d(Conv2d {
                    window,
                    out_channels: filters,
                    activation,
                }),
            )
        }
        Kind::DepthwiseConv2d => {
            // Also the ending that sums up a whole map with weights of its own.
            let window = match random.below(6) {
                0 => Window2d::valid([height, width], [1, 1]),
                _ => window(random, image, &[1, 1, 2, 3, 3, 3, 3, 4, 5, 7]),
            };
            let multiplier = random.pick(&[1, 1, 1, 1, 1, 1, 1, 1, 2]);
            (
                image.to_vec(),
                Op::DepthwiseConv2d(DepthwiseConv2d {
                    window,
                    multiplier,
                    activation,
                }),
            )
        }
        Kind::Dense => {
            let inputs =
                random.pick(&[2, 4, 6, 8, 10, 12, 16, 16, 20, 24, 32, 36, 48, 64, 90, 128]);
            (
                vec![inputs],
                Op::Dense(Dense {
                    over_rows: false,
                    out_features: features,
                    activation,
                }),
            )
        }
        Kind::Add => (image.to_vec(), Op::Add(Add { activation })),
        Kind::AveragePool2d => {
            let window = pool_window(random, image);
            let activation = Activation::None;
            (
                image.to_vec(),
                Op::AveragePool2d(AveragePool2d { window, activation }),
            )
        }
        Kind::MaxPool2d => {
            let window = pool_window(random, image);
            let activation = Activation::None;
            (
                image.to_vec(),
                Op::MaxPool2d(MaxPool2d { window, activation }),
            )
        }
        Kind::Mean => (image.to_vec(), Op::Mean(Mean {})),
        Kind::Softmax => {
            let rows = random.pick(&[1, 1, 2, 5, 12]);
            (vec![rows, features], Op::Softmax(Softmax {}))
        }
        Kind::Lstm => {
            let op = Lstm {
                hidden: random.pick(&[2, 4, 8, 11, 16, 20]),
                cell_bits: 12,
                clip: Real::new(f32::INFINITY),
                // Else what the first step does not do is nowhere to be seen.
                stateful: random.below(2) == 0,
            };
            let steps = random.pick(&[1, 2, 3, 6, 9]);
            (vec![steps, random.between(1, 20)], Op::Lstm(op))
        }
        Kind::Unary => {
            let function = Function::HardSwish;
            (image.to_vec(), Op::Unary(Unary { function }))
        }
    };
    let input = builder.input("input", Shape::new(shape));
    let mut inputs = vec![input];
    if let Op::Add(_) = op {
        // Two tensors of different scales, as a residual block has: equal ones need no multiplication.
        let branch = Op::DepthwiseConv2d(DepthwiseConv2d {
            window: Window2d::valid([1, 1], [1, 1]),
            multiplier: 1,
            activation: Activation::None,
        });
        inputs.push(builder.node("branch", branch, &[input]).ok()?);
    }
    let output = builder.node("layer", op, &inputs).ok()?;
    Some(builder.finish(&[output]))
}

fn window(random: &mut Random, [height, width, _]: [usize; 3], kernels: &[usize]) -> Window2d {
    let k = random.pick(kernels);
    let stride = random.pick(&[1, 1, 2]);
    let (kernel, stride) = match height {
        1 if k > 1 => ([1, random.pick(&[3, 3, 5, 5, 7, 9])], [1, stride]),
        1 => ([1, 1], [1, stride]),
        _ => ([k, k], [stride, stride]),
    };
    let mut window = Window2d::valid(kernel, stride);
    if height == 1 && random.below(4) == 0 {
        window.dilation = [1, 2];
    }
    match random.below(3) {
        0 => window,
        _ => window.with_same_padding([height, width]),
    }
}

fn pool_window(random: &mut Random, [height, width, _]: [usize; 3]) -> Window2d {
    let k = random.pick(&[2, 2, 2, 3, 4]);
    let kernel = if height == 1 { [1, k] } else { [k, k] };
    let stride = match random.below(3) {
        0 => [1, 1],
        _ => kernel,
    };
    match random.below(3) {
        0 => Window2d::same([height, width], kernel, stride),
        _ => Window2d::valid(kernel, stride),
    }
}
