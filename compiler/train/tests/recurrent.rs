//! Recurrent layers in training: their gradients are those of burn's own tape, what burn computes is what the IR
//! means, and networks with them learn, also on the int8 grid.

mod common;

use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor, TensorData};
use ember_codegen::interpret::run_float;
use ember_codegen::quantize::{RangeMethod, calibrate};
use ember_ir::{
    Activation, Cell, CellFunction, CellNode, CellNodes, Conv2d, DartsCell, Dense, Graph,
    GraphBuilder, Lstm, Move, Op, Real, Recurrent, Reshape, Shape, Slice, Window2d,
};
use ember_train::lanes;
use ember_train::net::{Net, NetError, to_vec};
use ember_train::quantized::Quantized;
use ember_train::random::Random;
use ember_train::{Dataset, Normalization, Recipe, export, predict, train};

use common::session;

const GRU: Op = Op::Recurrent(Recurrent {
    cell: Cell::GruResetAfter,
    hidden: 8,
    stateful: false,
});
const LSTM: Op = Op::Lstm(Lstm {
    hidden: 8,
    cell_bits: 11,
    clip: Real::new(f32::INFINITY),
    stateful: false,
});

/// Of DARTS' cell.
fn nodes(nodes: &[(usize, CellFunction)]) -> CellNodes {
    let nodes = nodes
        .iter()
        .map(|&(from, function)| CellNode { from, function });
    CellNodes::new(&nodes.collect::<Vec<_>>()).expect("a cell")
}

fn darts() -> Op {
    Op::DartsCell(DartsCell {
        nodes: nodes(&[(0, CellFunction::Tanh), (0, CellFunction::Relu)]),
        hidden: 8,
        stateful: false,
    })
}

fn tracked<const D: usize>(values: &[f32], dims: [usize; D]) -> Tensor<D> {
    let data = TensorData::new(values.to_vec(), dims);
    Tensor::from_data(data, &Device::flex().autodiff()).require_grad()
}

/// The same steps composed of burn's operators: x `[samples, steps, rows]`, w `[rows, units + 1]`.
fn composed(cell: lanes::Cell, x: Tensor<3>, w: Tensor<2>, units: usize) -> Tensor<3> {
    let [samples, steps, rows] = x.dims();
    let device = x.device();
    let (r, b) = (w.clone().narrow(1, 0, units), w.narrow(1, units, 1));
    let mut hidden = Tensor::<2>::zeros([samples, units], &device);
    let mut cells = hidden.clone();
    let mut all = Vec::new();
    for step in 0..steps {
        let x = x.clone().narrow(1, step, 1).reshape([samples, rows]);
        let products = hidden.clone().matmul(r.clone().transpose()) + b.clone().transpose();
        let [x, products] = [x, products]
            .map(|sums| move |gate: usize| sums.clone().narrow(1, gate * units, units));
        let gate = |gate: usize| sigmoid(x(gate) + products(gate));
        hidden = match cell {
            lanes::Cell::Gru => {
                let candidate = (x(2) + gate(1) * products(2)).tanh();
                (gate(0).neg() + 1.0) * candidate + gate(0) * hidden
            }
            lanes::Cell::Lstm => {
                cells = gate(1) * cells + gate(0) * (x(2) + products(2)).tanh();
                gate(3) * cells.clone().tanh()
            }
        };
        all.push(hidden.clone().reshape([samples, 1, units]));
    }
    Tensor::cat(all, 1)
}

#[test]
fn steps_have_burns_gradients() {
    let mut random = Random::new(8, 0);
    for index in 0..24 {
        let cell = [lanes::Cell::Gru, lanes::Cell::Lstm][index % 2];
        let (samples, steps, units) = (
            1 + random.below(35),
            1 + random.below(9),
            1 + random.below(9),
        );
        let rows = cell.gates() * units;
        let mut drawn =
            |count: usize| -> Vec<f32> { (0..count).map(|_| random.normal()).collect() };
        let (x, w) = (drawn(samples * steps * rows), drawn(rows * (units + 1)));
        let by = drawn(samples * steps * units);
        let device = Device::flex().autodiff();
        let by = Tensor::<2>::from_data(TensorData::new(by, [samples, steps * units]), &device);

        let ours = lanes::pack([1, steps, rows], &x, &device).require_grad();
        let our_weights = tracked(&w, [rows, units + 1]);
        let y = lanes::unpack(
            lanes::recurrent(cell, ours.clone(), our_weights.clone()),
            samples,
        );
        let (theirs, their_weights) = (
            tracked(&x, [samples, steps, rows]),
            tracked(&w, [rows, units + 1]),
        );
        let plain = composed(cell, theirs.clone(), their_weights.clone(), units);
        let plain = plain.reshape([samples, steps * units]);
        let mut pairs = vec![(to_vec(y.clone()), to_vec(plain.clone()))];
        let (our_gradients, their_gradients) = (
            (y * by.clone()).sum().backward(),
            (plain * by).sum().backward(),
        );
        let dx = lanes::unpack(ours.grad(&our_gradients).expect("a gradient"), samples);
        pairs.push((
            to_vec(dx),
            to_vec(theirs.grad(&their_gradients).expect("a gradient")),
        ));
        let dw = our_weights.grad(&our_gradients).expect("a gradient");
        pairs.push((
            to_vec(dw),
            to_vec(their_weights.grad(&their_gradients).expect("a gradient")),
        ));
        are_near(&pairs, &format!("{cell:?} {steps}x{units}"));
    }
}

/// The steps of DARTS' cell composed of burn's operators: x `[samples, steps, 2·units]`, w
/// `[gated steps · 2·units, units + 1]`.
fn composed_darts(nodes: &CellNodes, x: Tensor<3>, w: Tensor<2>, units: usize) -> Tensor<3> {
    let [samples, steps, rows] = x.dims();
    let apply = |function, x: Tensor<2>| match function {
        CellFunction::Tanh => x.tanh(),
        CellFunction::Relu => x.clamp(0.0, 1.0),
        CellFunction::Sigmoid => sigmoid(x),
        CellFunction::Identity => x.clamp(-1.0, 1.0),
    };
    let gated = |stage: usize, function, read: Tensor<2>, added: Option<Tensor<2>>| {
        let w = w.clone().narrow(0, stage * rows, rows);
        let (of_states, bias) = (w.clone().narrow(1, 0, units), w.narrow(1, units, 1));
        let sums = read.clone().matmul(of_states.transpose()) + bias.transpose();
        let sums = match added {
            Some(added) => sums + added,
            None => sums,
        };
        let gate = sigmoid(sums.clone().narrow(1, 0, units));
        let value = apply(function, sums.narrow(1, units, units));
        read.clone() + gate * (value - read)
    };
    let mut hidden = Tensor::<2>::zeros([samples, units], &x.device());
    let mut all = Vec::new();
    for step in 0..steps {
        let x = x.clone().narrow(1, step, 1).reshape([samples, rows]);
        let mut states = vec![gated(0, CellFunction::Tanh, hidden, Some(x))];
        for node in nodes.as_slice() {
            let read = states[node.from].clone();
            states.push(gated(states.len(), node.function, read, None));
        }
        let count = (states.len() - 1) as f32;
        let sum = states.drain(1..).reduce(|a, b| a + b).expect("a node");
        hidden = sum / count;
        all.push(hidden.clone().reshape([samples, 1, units]));
    }
    Tensor::cat(all, 1)
}

#[test]
fn the_steps_of_darts_cell_have_burns_gradients() {
    let mut random = Random::new(9, 0);
    for _ in 0..24 {
        let count = 1 + random.below(4);
        let drawn: Vec<(usize, CellFunction)> = (0..count)
            .map(|at| (random.below(at + 1), CellFunction::ALL[random.below(4)]))
            .collect();
        let nodes = nodes(&drawn);
        let (samples, steps, units) = (
            1 + random.below(35),
            1 + random.below(6),
            1 + random.below(9),
        );
        let (rows, all_rows) = (2 * units, (1 + count) * 2 * units);
        let mut drawn =
            |count: usize| -> Vec<f32> { (0..count).map(|_| random.normal()).collect() };
        let x = drawn(samples * steps * rows);
        // Not so loud that every value ends at ±1.
        let w: Vec<f32> = drawn(all_rows * (units + 1))
            .iter()
            .map(|w| 0.5 * w)
            .collect();
        let by = drawn(samples * steps * units);
        let device = Device::flex().autodiff();
        let by = Tensor::<2>::from_data(TensorData::new(by, [samples, steps * units]), &device);
        let ours = lanes::pack([1, steps, rows], &x, &device).require_grad();
        let our_weights = tracked(&w, [all_rows, units + 1]);
        let y = lanes::darts_cell(nodes, ours.clone(), our_weights.clone());
        let y = lanes::unpack(y, samples);
        let (theirs, their_weights) = (
            tracked(&x, [samples, steps, rows]),
            tracked(&w, [all_rows, units + 1]),
        );
        let plain = composed_darts(&nodes, theirs.clone(), their_weights.clone(), units);
        let plain = plain.reshape([samples, steps * units]);
        let mut pairs = vec![(to_vec(y.clone()), to_vec(plain.clone()))];
        let (our_gradients, their_gradients) = (
            (y * by.clone()).sum().backward(),
            (plain * by).sum().backward(),
        );
        let dx = lanes::unpack(ours.grad(&our_gradients).expect("a gradient"), samples);
        pairs.push((
            to_vec(dx),
            to_vec(theirs.grad(&their_gradients).expect("a gradient")),
        ));
        let dw = our_weights.grad(&our_gradients).expect("a gradient");
        pairs.push((
            to_vec(dw),
            to_vec(their_weights.grad(&their_gradients).expect("a gradient")),
        ));
        are_near(&pairs, &format!("{nodes:?} {steps}x{units}"));
    }
}

/// Ours and theirs, per result.
fn are_near(pairs: &[(Vec<f32>, Vec<f32>)], what: &str) {
    for (result, (ours, theirs)) in pairs.iter().enumerate() {
        assert_eq!(ours.len(), theirs.len());
        let size = theirs.iter().map(|x| x.abs()).fold(1e-3, f32::max);
        let far = ours
            .iter()
            .zip(theirs)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(far / size < 2e-5, "{what}, result {result}: {far}");
    }
}

/// A convolution, a recurrent layer over its steps, the last of which decides.
fn network(op: Op, steps: usize, channels: usize, classes: usize) -> Graph {
    let mut graph = GraphBuilder::new("net");
    let input = graph.input("input", [1, steps, channels]);
    let mut node = |name: &str, op: Op, x| graph.node(name, op, &[x]).expect("fits");
    let conv = Conv2d {
        window: Window2d::same([1, steps], [1, 3], [1, 2]),
        out_channels: 6,
        activation: Activation::Relu,
    };
    let x = node("conv", Op::Conv2d(conv), input);
    let half = steps.div_ceil(2);
    let shape = Shape::from([half, 6]);
    let x = node("sequence", Op::Reshape(Reshape { shape }), x);
    let x = node("recurrent", op, x);
    let last = Slice {
        begin: vec![half - 1, 0],
        size: vec![1, 8],
        step: vec![1, 1],
    };
    let x = node("last", Op::Move(Move::Slice(last)), x);
    let dense = Dense {
        over_rows: false,
        out_features: classes,
        activation: Activation::None,
    };
    let logits = node("logits", Op::Dense(dense), x);
    graph.finish(&[logits])
}

/// Noise with a bump near the beginning and one near the end; the class is the order of their signs, which only
/// tells who remembers the first one.
fn bumps(count: usize, seed: u64) -> Dataset {
    let mut random = Random::new(seed, 0);
    let (mut samples, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let signs = [random.below(2), random.below(2)];
        let at = [random.below(5), 15 + random.below(5)];
        for step in 0..20 {
            let bump = at.iter().zip(signs).find(|&(&at, _)| at == step);
            let height = bump.map_or(0.0, |(_, sign)| 4.0 * sign as f32 - 2.0);
            samples.push(height + 0.3 * random.normal());
        }
        labels.push(2 * signs[0] + signs[1]);
    }
    let classes = ["down down", "down up", "up down", "up up"].map(String::from);
    Dataset::new(Shape::from([1, 20, 1]), samples, labels, classes.to_vec()).expect("bumps")
}

#[test]
fn recurrent_networks_learn_what_only_memory_tells_and_keep_it_in_int8() {
    let (data, unseen) = (bumps(400, 1), bumps(300, 2));
    let normalization = Normalization::identity(&data.shape);
    let recipe = Recipe {
        epochs: 40,
        batch_size: 32,
        ..Recipe::default()
    };
    for op in [GRU, LSTM, darts()] {
        let name = op.name();
        let graph = network(op, 20, 1, 4);
        let session = session(&graph, &data, &normalization, &recipe, 1);
        let float = export(&graph, &train(session, None).expect("weights"));
        let scores = predict::predict(&float, &unseen).expect("scores");
        for (sample, scores) in unseen.iter().zip(scores.chunks(4)) {
            let tensors = run_float(&float, sample);
            for (ours, theirs) in scores.iter().zip(&tensors[graph.outputs[0].0]) {
                assert!(
                    (ours - theirs).abs() < 1e-4 * theirs.abs().max(1.0),
                    "{name}"
                );
            }
        }
        let accuracy = predict::accuracy(&scores, &unseen.labels);
        assert!(accuracy > 0.95, "{name}: {accuracy}");
        let ranges = calibrate(&float, data.iter(), RangeMethod::MinMax);
        let quantized = Quantized::new(float, ranges).expect("int8");
        let int8 = unseen.int8_figure(&quantized.network).expect("runs");
        assert!(int8 > accuracy - 0.02, "{name}: {int8} of {accuracy}");
        // On the grid it is no worse, and still the network that it was.
        let short = Recipe {
            epochs: 5,
            learning_rate: 1e-3,
            ..recipe.clone()
        };
        let session = common::session(&graph, &data, &normalization, &short, 1);
        let tuned = quantized.tuned(session).expect("trains").expect("int8");
        let int8 = unseen.int8_figure(&tuned.network).expect("runs");
        assert!(int8 > accuracy - 0.02, "{name} tuned: {int8} of {accuracy}");
    }
}

#[test]
fn recurrent_layers_without_a_gradient_here_are_named() {
    let plain = |cell| {
        let op = Recurrent {
            cell,
            hidden: 8,
            stateful: false,
        };
        network(Op::Recurrent(op), 20, 1, 4)
    };
    let stateful = Lstm {
        hidden: 8,
        cell_bits: 11,
        clip: Real::new(f32::INFINITY),
        stateful: true,
    };
    for (graph, words) in [
        (plain(Cell::RnnTanh), "without gates"),
        (plain(Cell::Gru), "before the product"),
        (network(Op::Lstm(stateful), 20, 1, 4), "keeps its state"),
    ] {
        let Err(NetError::Unsupported { node, what }) = Net::new(&graph) else {
            panic!("{words}");
        };
        assert!(node == "recurrent" && what.contains(words), "{what}");
    }
}
