//! Random layers, and the comparison of what two forms of one give.

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use ember_ir::{Op, Padding, Shape, Window2d};
use ember_train::lanes;
use ember_train::net::to_vec;
use ember_train::random::Random;

/// Largest difference of two vectors over the larger one's size.
pub fn difference(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let size = theirs.iter().map(|x| x.abs()).fold(1e-3, f32::max);
    let far = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    far.fold(0.0, f32::max) / size
}

pub fn drawn(random: &mut Random, count: usize) -> Vec<f32> {
    (0..count).map(|_| random.normal()).collect()
}

/// Sizes of a random layer: at most so large that a case takes a millisecond.
pub struct Case {
    pub samples: usize,
    pub input: [usize; 3],
    pub window: Window2d,
}

impl Case {
    pub fn draw(random: &mut Random) -> Self {
        let input = [
            1 + random.below(9),
            1 + random.below(9),
            1 + random.below(11),
        ];
        let kernel = [0, 1].map(|axis| 1 + random.below(input[axis].min(3)));
        let window = Window2d {
            dilation: [0, 1].map(|axis| {
                let fits = kernel[axis] > 1 && 2 * (kernel[axis] - 1) < input[axis];
                if fits { 1 + random.below(2) } else { 1 }
            }),
            padding: Padding {
                top: random.below(kernel[0]),
                bottom: random.below(kernel[0]),
                left: random.below(kernel[1]),
                right: random.below(kernel[1]),
            },
            ..Window2d::valid(kernel, [1 + random.below(3), 1 + random.below(3)])
        };
        Self {
            samples: 1 + random.below(35),
            input,
            window,
        }
    }

    pub fn samples(&self, random: &mut Random) -> Vec<f32> {
        drawn(random, self.samples * self.input.iter().product::<usize>())
    }

    /// Ours and burn's form of the samples, both tracked.
    pub fn tensors(&self, values: &[f32]) -> (Tensor<5>, Tensor<4>) {
        let device = Device::flex().autodiff();
        let ours = lanes::pack(self.input, values, &device).require_grad();
        let theirs = super::nchw(&Shape::from(self.input), values, &device).require_grad();
        (ours, theirs)
    }

    pub fn output(&self, op: &Op) -> [usize; 3] {
        let shape = op.output_shape(&[&Shape::from(self.input)]).expect("fits");
        shape.hwc().expect("an image")
    }
}

/// What ours and burn's say of one thing.
pub type Pair = (Vec<f32>, Vec<f32>);

/// Sums both results weighted by the same numbers, so that every output has a gradient of its own, and
/// compares the results and the gradients of the given pairs.
pub fn assert_equal(
    what: &str,
    samples: usize,
    ours: Tensor<5>,
    theirs: Tensor<4>,
    input: (Tensor<5>, Tensor<4>),
    others: Vec<Pair>,
    gradients: &dyn Fn(&Gradients, &Gradients) -> Vec<Pair>,
) {
    let rows = |x: Tensor<4>| {
        let [batch, c, h, w] = x.dims();
        x.permute([0, 2, 3, 1]).reshape([batch, c * h * w])
    };
    let (ours, theirs) = (lanes::unpack(ours, samples), rows(theirs));
    let mut random = Random::new(5, 0);
    let data = TensorData::new(
        drawn(&mut random, theirs.dims().iter().product()),
        theirs.dims(),
    );
    let by = Tensor::<2>::from_data(data, &Device::flex().autodiff());
    let mut pairs = vec![(to_vec(ours.clone()), to_vec(theirs.clone()))];
    pairs.extend(others);
    let our_gradients = (ours * by.clone()).sum().backward();
    let their_gradients = (theirs * by).sum().backward();
    let ours = lanes::unpack(input.0.grad(&our_gradients).expect("a gradient"), samples);
    let theirs = rows(input.1.grad(&their_gradients).expect("a gradient"));
    pairs.push((to_vec(ours), to_vec(theirs)));
    pairs.extend(gradients(&our_gradients, &their_gradients));
    for (index, (ours, theirs)) in pairs.iter().enumerate() {
        let far = difference(ours, theirs);
        assert!(far < 2e-5, "{what}, result {index}: {far}");
    }
}

pub fn tracked<const D: usize>(values: &[f32], dims: [usize; D]) -> Tensor<D> {
    let data = TensorData::new(values.to_vec(), dims);
    Tensor::from_data(data, &Device::flex().autodiff()).require_grad()
}
