//! Training speed on one core: the operators of `ember_train::lanes` against burn's own, per kind of
//! layer (forward and backward) and for whole candidates (a whole step, optimizer included).
//!
//! `cargo run --release -p emberc -p ember-train --example train_speed [PART OF A NAME]` (with emberc, so
//! that its build of burn is used). Both sides take turns within a
//! measurement, and each measurement is the best of several, so that a busy machine matters little.

#[path = "../tests/plain/mod.rs"]
mod plain;

use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use ember_codegen::quantize::{Range, activation_quants};
use ember_ir::{
    Activation, Conv2d, Dense, DepthwiseConv2d, Graph, GraphBuilder, Mean, Op, Shape, TensorId,
    Window2d,
};
use ember_train::Task;
use ember_train::distill::Targets;
use ember_train::fake_quant::FakeQuant;
use ember_train::lanes;
use ember_train::net::{Exact, Net};
use ember_train::optimizer::AdamW;
use ember_train::random::Random;
use ember_train::trainer::{initial, step};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 64;
const CLASSES: usize = 10;
/// Turns of a measurement.
const TURNS: usize = 15;

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("a thread").install(measure);
}

fn measure() {
    println!(
        "{:<44} {:>9} {:>9} {:>7}",
        "batch of 64, milliseconds", "burn", "lanes", "ratio"
    );
    let conv = |kernel: usize, stride, inputs, outputs, size: usize| {
        let op = Op::Conv2d(Conv2d {
            window: Window2d::same([size; 2], [kernel; 2], [stride; 2]),
            out_channels: outputs,
            activation: Activation::None,
        });
        let name =
            format!("conv {kernel}x{kernel}/{stride}, {inputs} to {outputs} at {size}x{size}");
        layer(&name, op, [size, size, inputs]);
    };
    conv(3, 1, 1, 8, 28);
    conv(3, 2, 8, 16, 28);
    conv(3, 1, 16, 16, 14);
    conv(1, 1, 8, 16, 28);
    conv(1, 1, 32, 32, 14);
    conv(1, 1, 64, 64, 7);
    for (channels, size, stride) in [(8, 28, 1), (32, 14, 1), (32, 14, 2)] {
        let op = Op::DepthwiseConv2d(DepthwiseConv2d {
            window: Window2d::same([size; 2], [3; 2], [stride; 2]),
            multiplier: 1,
            activation: Activation::None,
        });
        let name = format!("depthwise 3x3/{stride}, {channels} at {size}x{size}");
        layer(&name, op, [size, size, channels]);
    }
    let dense = Op::Dense(Dense {
        over_rows: false,
        out_features: 64,
        activation: Activation::None,
    });
    layer("dense, 784 to 64", dense, [28, 28, 1]);
    quantisation();
    println!(
        "{:<44} {:>9} {:>9} {:>7}",
        "whole step, images per second", "burn", "lanes", "ratio"
    );
    candidate("separable, 28x28", &separable([2, 2, 1]));
    candidate("separable at stride 1, 28x28", &separable([1, 1, 1]));
    candidate("residual-like, 3x3 at 16x16x3", &full());
}

/// Whether the command line asks for this measurement.
fn is_asked_for(name: &str) -> bool {
    std::env::args()
        .nth(1)
        .is_none_or(|part| name.contains(&part))
}

/// The best time of each of two, taking turns, in seconds.
fn versus(mut theirs: impl FnMut(), mut ours: impl FnMut()) -> [f64; 2] {
    let mut best = [f64::MAX; 2];
    for _ in 0..TURNS {
        let runs: [&mut dyn FnMut(); 2] = [&mut theirs, &mut ours];
        for (run, best) in runs.into_iter().zip(&mut best) {
            let began = Instant::now();
            run();
            *best = best.min(began.elapsed().as_secs_f64());
        }
    }
    best
}

fn show(name: &str, [theirs, ours]: [f64; 2]) {
    println!(
        "{name:<44} {:>9.2} {:>9.2} {:>6.1}x",
        1e3 * theirs,
        1e3 * ours,
        theirs / ours
    );
}

fn drawn(count: usize) -> Vec<f32> {
    let mut random = Random::new(1, 0);
    (0..count).map(|_| random.normal()).collect()
}

fn layer(name: &str, op: Op, input: [usize; 3]) {
    if !is_asked_for(name) {
        return;
    }
    let device = Device::flex().autodiff();
    let shape = Shape::from(input);
    let output = op.output_shape(&[&shape]).expect("fits");
    let output = output.hwc().unwrap_or([1, 1, output.elements()]);
    let weights = op.weight_shape(&shape).expect("weights");
    let dims: [usize; 4] = match *weights.dims() {
        [out, inner] => [out, 1, 1, inner],
        ref dims => dims.try_into().expect("a kernel"),
    };
    let values = drawn(BATCH * shape.elements());
    let kernel = TensorData::new(drawn(weights.elements()), dims);
    let kernel = Tensor::<4>::from_data(kernel, &device).require_grad();
    let theirs = plain::nchw(&shape, &values, &device).require_grad();
    let ours = match &op {
        Op::Dense(_) => lanes::pack([1, 1, shape.elements()], &values, &device),
        _ => lanes::pack(input, &values, &device),
    }
    .require_grad();
    let times = versus(
        || {
            let y = plain::multiplied(&op, theirs.clone(), kernel.clone(), None);
            drop(y.sum().backward());
        },
        || {
            let (x, kernel) = (ours.clone(), kernel.clone());
            let y = match &op {
                Op::Conv2d(op) => lanes::conv2d(x, kernel, op.window, output),
                Op::DepthwiseConv2d(op) => lanes::depthwise_conv2d(x, kernel, op.window, output),
                _ => lanes::conv2d(x, kernel, Window2d::valid([1, 1], [1, 1]), output),
            };
            drop(y.sum().backward());
        },
    );
    show(name, times);
}

fn quantisation() {
    let name = "fake quantisation, 8 at 28x28";
    if !is_asked_for(name) {
        return;
    }
    let device = Device::flex().autodiff();
    let size = [28, 28, 8];
    let values = drawn(BATCH * 28 * 28 * 8);
    let theirs = plain::nchw(&Shape::from(size), &values, &device).require_grad();
    let ours = lanes::pack(size, &values, &device).require_grad();
    let grid = lanes::Grid {
        scale: 0.03,
        min: -3.84,
        max: 3.81,
    };
    let times = versus(
        || {
            let y = plain::fake_quant(theirs.clone(), [grid.scale, grid.min, grid.max]);
            drop(y.sum().backward());
        },
        || drop(lanes::fake_quant(ours.clone(), grid).sum().backward()),
    );
    show(name, times);
}

fn candidate(name: &str, graph: &Graph) {
    let net = Net::new(graph).expect("a network");
    let shape = &graph.tensor(graph.inputs[0]).shape;
    let samples = drawn(BATCH * shape.elements());
    let targets: Vec<f32> = (0..BATCH * CLASSES)
        .map(|i| f32::from(u8::from(i % CLASSES == i / CLASSES % CLASSES)))
        .collect();
    let ranges = vec![
        Range {
            min: -4.0,
            max: 4.0
        };
        graph.tensors.len()
    ];
    let grids: plain::Grids = activation_quants(graph, &ranges)
        .iter()
        .map(|quant| {
            let real = |q: f32| (q - f32::from(quant.zero_point)) * quant.scale;
            [quant.scale, real(-128.0), real(127.0)]
        })
        .collect();
    for is_aware in [false, true] {
        let name = format!("{name}{}", if is_aware { ", fake-quantised" } else { "" });
        if !is_asked_for(&name) {
            continue;
        }
        let mut weights = [(); 2].map(|()| initial(graph, 1));
        let mut optimizers = [(); 2].map(|()| AdamW::new(&weights[0], 0.02, 5.0));
        let ([theirs, ours], [their_optimizer, our_optimizer]) = (&mut weights, &mut optimizers);
        let mut quantized = FakeQuant::new(graph, ranges.clone());
        let times = versus(
            || {
                let grids = is_aware.then_some(&grids);
                let (_, gradients) = plain::step(graph, theirs, &samples, &targets, grids);
                their_optimizer.step(theirs, &gradients, 1e-4);
            },
            || {
                let step = match is_aware {
                    true => step(
                        &net,
                        ours,
                        &samples,
                        Targets::of(Task::Classification, &targets),
                        &mut quantized,
                    ),
                    false => step(
                        &net,
                        ours,
                        &samples,
                        Targets::of(Task::Classification, &targets),
                        &mut Exact,
                    ),
                };
                our_optimizer.step(ours, &step.gradients, 1e-4);
            },
        );
        println!(
            "{name:<44} {:>9.0} {:>9.0} {:>6.1}x",
            BATCH as f64 / times[0],
            BATCH as f64 / times[1],
            times[0] / times[1]
        );
    }
}

/// A convolution of 8 channels, three depthwise-separable blocks, global average pooling, dense.
fn separable(strides: [usize; 3]) -> Graph {
    let mut net = Chain::new([28, 28, 1]);
    net.conv(3, 1, 8);
    for (stride, channels) in strides.into_iter().zip([16, 32, 32]) {
        net.depthwise(stride);
        net.conv(1, 1, channels);
    }
    net.finish()
}

/// Full convolutions.
fn full() -> Graph {
    let mut net = Chain::new([16, 16, 3]);
    net.conv(3, 1, 16);
    net.conv(3, 1, 16);
    net.conv(3, 2, 32);
    net.conv(3, 1, 32);
    net.finish()
}

struct Chain {
    graph: GraphBuilder,
    at: TensorId,
    count: usize,
}

impl Chain {
    fn new(input: [usize; 3]) -> Self {
        let mut graph = GraphBuilder::new("net");
        let at = graph.input("input", input);
        let count = 0;
        Self { graph, at, count }
    }

    fn window(&self, kernel: usize, stride: usize) -> Window2d {
        let [height, width, _] = self.graph.shape(self.at).hwc().expect("an image");
        Window2d::same([height, width], [kernel; 2], [stride; 2])
    }

    fn conv(&mut self, kernel: usize, stride: usize, out_channels: usize) {
        let window = self.window(kernel, stride);
        let activation = Activation::Relu;
        self.push(Op::Conv2d(Conv2d {
            window,
            out_channels,
            activation,
        }));
    }

    fn depthwise(&mut self, stride: usize) {
        let window = self.window(3, stride);
        self.push(Op::DepthwiseConv2d(DepthwiseConv2d {
            window,
            multiplier: 1,
            activation: Activation::Relu,
        }));
    }

    fn push(&mut self, op: Op) {
        self.count += 1;
        let name = format!("layer{}", self.count);
        self.at = self.graph.node(&name, op, &[self.at]).expect("a layer");
    }

    fn finish(mut self) -> Graph {
        self.push(Op::Mean(Mean {}));
        self.push(Op::Dense(Dense {
            over_rows: false,
            out_features: CLASSES,
            activation: Activation::None,
        }));
        self.graph.finish(&[self.at])
    }
}
