//! The operators of `ember_train::lanes` against burn's own: values, and gradients of everything.

mod common;
mod plain;

use burn::tensor::Tensor;
use burn::tensor::module::{avg_pool2d, batch_norm_train, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use ember_codegen::quantize::{Range, activation_quants};
use ember_ir::{Activation, Conv2d, DepthwiseConv2d, Op};
use ember_train::Task;
use ember_train::distill::Targets;
use ember_train::fake_quant::FakeQuant;
use ember_train::lanes::{self, Grid, Norm};
use ember_train::net::{Exact, Net, Numerics, to_vec};
use ember_train::random::Random;
use ember_train::trainer::{initial, step};

use common::everything;
use plain::compare::{Case, assert_equal, difference, drawn, tracked};

#[test]
fn convolutions_have_burns_gradients() {
    let mut random = Random::new(1, 0);
    for index in 0..60 {
        let case = Case::draw(&mut random);
        let [kernel_height, kernel_width] = case.window.kernel;
        let channels = case.input[2];
        let is_depthwise = index % 2 == 1;
        let (op, dims) = if is_depthwise {
            let multiplier = 1 + random.below(2);
            let op = DepthwiseConv2d {
                window: case.window,
                multiplier,
                activation: Activation::None,
            };
            let dims = [1, kernel_height, kernel_width, channels * multiplier];
            (Op::DepthwiseConv2d(op), dims)
        } else {
            let op = Conv2d {
                window: case.window,
                out_channels: 1 + random.below(13),
                activation: Activation::None,
            };
            (
                Op::Conv2d(op),
                [op.out_channels, kernel_height, kernel_width, channels],
            )
        };
        let output = case.output(&op);
        let (ours, theirs) = case.tensors(&case.samples(&mut random));
        let values = drawn(&mut random, dims.iter().product());
        let kernels = [tracked(&values, dims), tracked(&values, dims)];
        let our_kernel = kernels[0].clone();
        let y = match is_depthwise {
            true => lanes::depthwise_conv2d(ours.clone(), our_kernel, case.window, output),
            false => lanes::conv2d(ours.clone(), our_kernel, case.window, output),
        };
        let plain = plain::multiplied(&op, theirs.clone(), kernels[1].clone(), None);
        let what = format!("{op:?} on {} of {:?}", case.samples, case.input);
        assert_equal(
            &what,
            case.samples,
            y,
            plain,
            (ours, theirs),
            Vec::new(),
            &|ours, theirs| {
                let ours = to_vec(kernels[0].grad(ours).expect("a gradient"));
                vec![(ours, to_vec(kernels[1].grad(theirs).expect("a gradient")))]
            },
        );
    }
}

#[test]
fn pools_have_burns_gradients() {
    let mut random = Random::new(2, 0);
    for index in 0..40 {
        let mut case = Case::draw(&mut random);
        let is_max = index % 2 == 0;
        if !is_max {
            case.window.dilation = [1, 1];
        }
        let padding = case.window.padding;
        let pairs = [(padding.top, padding.bottom), (padding.left, padding.right)];
        let output = case.output(&Op::Conv2d(Conv2d {
            window: case.window,
            out_channels: case.input[2],
            activation: Activation::None,
        }));
        let (ours, theirs) = case.tensors(&case.samples(&mut random));
        let (y, plain) = if is_max {
            let options = MaxPoolOptions::new(case.window.kernel)
                .with_stride(case.window.stride)
                .with_padding_pairs(pairs)
                .with_dilation(case.window.dilation);
            (
                lanes::max_pool2d(ours.clone(), case.window, output),
                max_pool2d(theirs.clone(), options),
            )
        } else {
            let options = AvgPoolOptions::new(case.window.kernel)
                .with_stride(case.window.stride)
                .with_padding_pairs(pairs)
                .with_count_include_pad(false);
            (
                lanes::average_pool2d(ours.clone(), case.window, output),
                avg_pool2d(theirs.clone(), options),
            )
        };
        let what = format!("{:?} on {} of {:?}", case.window, case.samples, case.input);
        let input = (ours, theirs);
        assert_equal(&what, case.samples, y, plain, input, Vec::new(), &|_, _| {
            Vec::new()
        });
    }
}

#[test]
fn batch_norm_has_burns_gradients() {
    let mut random = Random::new(3, 0);
    for activation in [Activation::None, Activation::Relu, Activation::Relu6] {
        for _ in 0..8 {
            let mut case = Case::draw(&mut random);
            case.samples += 1;
            let channels = case.input[2];
            let (ours, theirs) = case.tensors(&case.samples(&mut random));
            let values = [(); 2].map(|()| drawn(&mut random, channels));
            let leaves = [(); 2].map(|()| values.each_ref().map(|v| tracked(v, [channels])));
            let norm = Norm {
                channels,
                samples: case.samples,
                epsilon: 1e-5,
                activation,
            };
            let [gamma, beta] = leaves[0].clone();
            let (y, statistics) = lanes::batch_norm(norm, ours.clone(), gamma, beta);
            let [gamma, beta] = leaves[1].clone();
            let normed = batch_norm_train(theirs.clone(), gamma, beta, 1e-5);
            let plain = match activation {
                Activation::None => normed.output,
                Activation::Relu => burn::tensor::activation::relu(normed.output),
                Activation::Relu6 => burn::tensor::activation::relu6(normed.output),
            };
            let statistics = statistics.map(|x| to_vec(x.inner()));
            let theirs_too = [normed.mean, normed.variance].map(|x| to_vec(x.inner()));
            let others = statistics.into_iter().zip(theirs_too).collect();
            let what = format!("{norm:?}");
            let input = (ours, theirs);
            assert_equal(
                &what,
                case.samples,
                y,
                plain,
                input,
                others,
                &|ours, theirs| {
                    let of = |leaf: &Tensor<1>, all| to_vec(leaf.grad(all).expect("a gradient"));
                    (0..2)
                        .map(|i| (of(&leaves[0][i], ours), of(&leaves[1][i], theirs)))
                        .collect()
                },
            );
        }
    }
}

#[test]
fn biases_activations_and_fake_quantisation_have_burns_gradients() {
    let mut random = Random::new(4, 0);
    let (scale, zero_point) = (0.03f32, -20.0f32);
    let [min, max] = [-128.0, 127.0].map(|q| (q - zero_point) * scale);
    for _ in 0..12 {
        let case = Case::draw(&mut random);
        let channels = case.input[2];
        let (ours, theirs) = case.tensors(&case.samples(&mut random));
        let values = drawn(&mut random, channels);
        let biases = [(); 2].map(|()| tracked(&values, [channels]));
        let y = lanes::biased(ours.clone(), biases[0].clone(), Activation::Relu);
        let y = lanes::fake_quant(y, Grid { scale, min, max });
        let row = biases[1].clone().reshape([1, channels, 1, 1]);
        let plain = burn::tensor::activation::relu(theirs.clone() + row);
        let plain = plain::fake_quant(plain, [scale, min, max]);
        let input = (ours, theirs);
        assert_equal(
            "bias",
            case.samples,
            y,
            plain,
            input,
            Vec::new(),
            &|ours, theirs| {
                let of = |leaf: &Tensor<1>, all| to_vec(leaf.grad(all).expect("a gradient"));
                vec![(of(&biases[0], ours), of(&biases[1], theirs))]
            },
        );
    }
}

#[test]
fn a_whole_step_has_burns_gradients() {
    let graph = everything();
    let weights = initial(&graph, 3);
    let (samples, classes) = (21, 4);
    let mut random = Random::new(6, 0);
    let elements = graph.tensor(graph.inputs[0]).shape.elements();
    let values = drawn(&mut random, samples * elements);
    let targets: Vec<f32> = (0..samples * classes)
        .map(|i| f32::from(u8::from(i % classes == i / classes % classes)))
        .collect();
    let ranges = vec![
        Range {
            min: -3.0,
            max: 4.0
        };
        graph.tensors.len()
    ];
    let grids: Vec<[f32; 3]> = activation_quants(&graph, &ranges)
        .iter()
        .map(|quant| {
            let real = |q: f32| (q - f32::from(quant.zero_point)) * quant.scale;
            [quant.scale, real(-128.0), real(127.0)]
        })
        .collect();
    let net = Net::new(&graph).expect("a network");
    // On the grid a value may fall to the other side of a rounding: then only the size is compared.
    let mut quantized = FakeQuant::new(&graph, ranges);
    let runs: [(&mut dyn Numerics, Option<&plain::Grids>, f32); 2] = [
        (&mut Exact, None, 1e-4),
        (&mut quantized, Some(&grids), 0.1),
    ];
    for (numerics, grids, tolerance) in runs {
        let ours = step(
            &net,
            &weights,
            &values,
            Targets::of(Task::Classification, &targets),
            numerics,
        );
        let (loss, theirs) = plain::step(&graph, &weights, &values, &targets, grids);
        assert!((ours.loss - loss).abs() < tolerance, "{} {loss}", ours.loss);
        for (ours, theirs) in ours.gradients.iter().flatten().zip(theirs.iter().flatten()) {
            for (ours, theirs) in ours.iter().zip(theirs) {
                let far = difference(ours, theirs);
                assert!(far < tolerance, "{far}");
            }
        }
    }
}
