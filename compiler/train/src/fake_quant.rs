//! Fake quantisation: values in f32 that lie on the grid of their int8 form, with gradients that pass
//! straight through the rounding. Source: Jacob et al. (2018), Bengio et al., arXiv 1308.3432.
//!
//! Activations use the scales that [`ember_codegen::quantize`] derives from the ranges seen here, and
//! weights the same symmetric scale per output channel (of int4 weights sixteen times that), so that what is trained is what is exported.

use burn::tensor::Tensor;
use ember_codegen::quantize::{Range, activation_quants};
use ember_ir::{Graph, Quant, TensorId};

use crate::lanes::{self, Grid};
use crate::net::Numerics;

/// Share of a new batch in a range while ranges still move.
const MOMENTUM: f32 = 0.02;

/// Quantises kernels and activations on their way, and watches the activations' ranges.
#[derive(Clone, Debug)]
pub struct FakeQuant<'a> {
    graph: &'a Graph,
    ranges: Vec<Range>,
    quants: Vec<Quant>,
    observing: bool,
}

impl<'a> FakeQuant<'a> {
    /// Starts from calibrated ranges, one per tensor; they stand still until [`FakeQuant::observe`].
    pub fn new(graph: &'a Graph, ranges: Vec<Range>) -> Self {
        let quants = activation_quants(graph, &ranges);
        Self {
            graph,
            ranges,
            quants,
            observing: false,
        }
    }

    /// Whether ranges follow the batches from now on. Also brings the scales up to date.
    pub fn observe(&mut self, observing: bool) {
        if self.observing || observing {
            self.quants = activation_quants(self.graph, &self.ranges);
        }
        self.observing = observing;
    }

    /// The ranges as they are now, one per tensor.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }
}

impl Numerics for FakeQuant<'_> {
    fn kernel(&mut self, node: usize, kernel: Tensor<4>, channel_axis: usize) -> Tensor<4> {
        let values = plain(&kernel);
        let mut top = values.clone().abs();
        for axis in (0..4).filter(|&axis| axis != channel_axis) {
            top = top.max_dim(axis);
        }
        // The steps from zero to the largest weight.
        let weights = self.graph.nodes[node].weights;
        let steps = f64::from(weights.top() / weights.step());
        let scale = top
            .div_scalar(steps)
            .clamp_min(f64::from(f32::MIN_POSITIVE));
        let rounded = (values.clone() / scale.clone()).round() * scale;
        straight_through(kernel, values, rounded)
    }

    fn activation(&mut self, tensor: TensorId, value: Tensor<5>, samples: usize) -> Tensor<5> {
        if self.observing {
            let [min, max] = lanes::extremes(&value, samples);
            let range = &mut self.ranges[tensor.0];
            range.min += MOMENTUM * (min - range.min);
            range.max += MOMENTUM * (max - range.max);
        }
        let Quant { scale, zero_point } = self.quants[tensor.0];
        let real = |q: f32| (q - f32::from(zero_point)) * scale;
        // Outside of the range the value saturates, and so does its gradient.
        let grid = Grid {
            scale,
            min: real(-128.0),
            max: real(127.0),
        };
        lanes::fake_quant(value, grid)
    }
}

/// The value without its history.
fn plain(tensor: &Tensor<4>) -> Tensor<4> {
    if tensor.is_autodiff() {
        tensor.clone().inner()
    } else {
        tensor.clone()
    }
}

/// `rounded` forwards, the identity backwards; `values` is `tensor` without its history.
fn straight_through(tensor: Tensor<4>, values: Tensor<4>, rounded: Tensor<4>) -> Tensor<4> {
    if tensor.is_autodiff() {
        tensor + Tensor::from_inner(rounded - values)
    } else {
        rounded
    }
}
