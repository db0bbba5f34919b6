//! What acts on every value alone: a bias with an activation, and fake quantisation.

use ember_ir::Activation;
use macerator::Simd;

use super::simd::{Kernel, Part, load, parts, run, splat, store, sum};
use super::{LANES, Lanes};

/// The activation of values.
#[inline(always)]
pub(super) fn activated<S: Simd>(activation: Activation, x: Part<S>) -> Part<S> {
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(splat::<S>(0.0)),
        Activation::Relu6 => x.max(splat::<S>(0.0)).min(splat::<S>(6.0)),
    }
}

/// Gradients, where they pass through the activation that gave `y`; zero elsewhere.
#[inline(always)]
pub(super) fn passed<S: Simd>(activation: Activation, y: Part<S>, dy: Part<S>) -> Part<S> {
    let zero = splat::<S>(0.0);
    match activation {
        Activation::None => dy,
        Activation::Relu => y.gt(zero).select(dy, zero),
        Activation::Relu6 => {
            let below = y.lt(splat::<S>(6.0)).select(dy, zero);
            y.gt(zero).select(below, zero)
        }
    }
}

/// The int8 grid of a tensor: real values are `(q − zero_point) · scale` with q in −128 ..= 127.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Grid {
    /// Distance of two grid points.
    pub scale: f32,
    /// Smallest value.
    pub min: f32,
    /// Largest value.
    pub max: f32,
}

/// x, activated.
pub(super) fn activate(activation: Activation, x: &[Lanes]) -> Vec<Lanes> {
    biased(activation, x, &[0.0])
}

/// The gradient of x.
pub(super) fn activate_gradient(activation: Activation, y: &[Lanes], dy: &[Lanes]) -> Vec<Lanes> {
    biased_gradients(activation, 1, y, dy).0
}

/// x + bias, activated; channels are the fastest axis.
pub(super) fn biased(activation: Activation, x: &[Lanes], bias: &[f32]) -> Vec<Lanes> {
    run(Forward {
        activation,
        x,
        bias,
    })
}

/// The gradients of x and of the bias.
pub(super) fn biased_gradients(
    activation: Activation,
    channels: usize,
    y: &[Lanes],
    dy: &[Lanes],
) -> (Vec<Lanes>, Vec<f32>) {
    run(Backward {
        activation,
        channels,
        y,
        dy,
    })
}

/// Every value as the nearest of the grid, ties to even.
pub(super) fn fake_quant(grid: Grid, x: &[Lanes]) -> Vec<Lanes> {
    run(FakeQuant { grid, x })
}

/// The gradient passes straight through the rounding, and not where the value was clamped.
pub(super) fn fake_quant_gradient(grid: Grid, x: &[Lanes], dy: &[Lanes]) -> Vec<Lanes> {
    run(FakeQuantGradient { grid, x, dy })
}

/// Smallest and largest value of so many samples.
pub(super) fn extremes(x: &[Lanes], samples: usize) -> [f32; 2] {
    run(Extremes { x, samples })
}

struct Forward<'a> {
    activation: Activation,
    x: &'a [Lanes],
    bias: &'a [f32],
}

impl Kernel for Forward<'_> {
    type Output = Vec<Lanes>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<Lanes> {
        let mut result = Vec::with_capacity(self.x.len());
        for pixel in self.x.chunks_exact(self.bias.len()) {
            for (x, bias) in pixel.iter().zip(self.bias) {
                let mut to = [0.0; LANES];
                for part in 0..parts::<S>() {
                    let sum = load::<S>(x, part) + splat::<S>(*bias);
                    store::<S>(&mut to, part, activated(self.activation, sum));
                }
                result.push(to);
            }
        }
        result
    }
}

struct Backward<'a> {
    activation: Activation,
    channels: usize,
    y: &'a [Lanes],
    dy: &'a [Lanes],
}

impl Kernel for Backward<'_> {
    type Output = (Vec<Lanes>, Vec<f32>);

    #[inline(always)]
    fn run<S: Simd>(self) -> Self::Output {
        let mut sums = vec![[0.0f32; LANES]; self.channels];
        let mut result = Vec::with_capacity(self.dy.len());
        let pixels = |values| <[Lanes]>::chunks_exact(values, self.channels);
        for (y, dy) in pixels(self.y).zip(pixels(self.dy)) {
            for ((y, dy), sums) in y.iter().zip(dy).zip(&mut sums) {
                let mut to = [0.0; LANES];
                for part in 0..parts::<S>() {
                    let dx = passed(self.activation, load::<S>(y, part), load::<S>(dy, part));
                    store::<S>(&mut to, part, dx);
                    store::<S>(sums, part, load::<S>(sums, part) + dx);
                }
                result.push(to);
            }
        }
        (result, sums.iter().map(sum).collect())
    }
}

struct FakeQuant<'a> {
    grid: Grid,
    x: &'a [Lanes],
}

impl Kernel for FakeQuant<'_> {
    type Output = Vec<Lanes>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<Lanes> {
        let Grid { scale, min, max } = self.grid;
        let mut result = Vec::with_capacity(self.x.len());
        for x in self.x {
            let mut to = [0.0; LANES];
            for part in 0..parts::<S>() {
                let clamped = load::<S>(x, part).max(splat::<S>(min)).min(splat::<S>(max));
                let steps = (clamped / splat::<S>(scale)).round_ties_even();
                store::<S>(&mut to, part, steps * splat::<S>(scale));
            }
            result.push(to);
        }
        result
    }
}

struct FakeQuantGradient<'a> {
    grid: Grid,
    x: &'a [Lanes],
    dy: &'a [Lanes],
}

impl Kernel for FakeQuantGradient<'_> {
    type Output = Vec<Lanes>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<Lanes> {
        let Grid { min, max, .. } = self.grid;
        let mut result = Vec::with_capacity(self.x.len());
        for (x, dy) in self.x.iter().zip(self.dy) {
            let mut to = [0.0; LANES];
            for part in 0..parts::<S>() {
                let (x, zero) = (load::<S>(x, part), splat::<S>(0.0));
                let below = x.le(splat::<S>(max)).select(load::<S>(dy, part), zero);
                store::<S>(&mut to, part, x.ge(splat::<S>(min)).select(below, zero));
            }
            result.push(to);
        }
        result
    }
}

struct Extremes<'a> {
    x: &'a [Lanes],
    samples: usize,
}

impl Kernel for Extremes<'_> {
    type Output = [f32; 2];

    #[inline(always)]
    fn run<S: Simd>(self) -> [f32; 2] {
        let blocks = self.samples.div_ceil(LANES).max(1);
        let [mut min, mut max] = [f32::MAX, f32::MIN];
        for (block, x) in self.x.chunks_exact(self.x.len() / blocks).enumerate() {
            let mut extremes = [[f32::MAX; LANES], [f32::MIN; LANES]];
            for x in x {
                for part in 0..parts::<S>() {
                    let [smallest, largest] = &mut extremes;
                    let x = load::<S>(x, part);
                    store::<S>(smallest, part, load::<S>(smallest, part).min(x));
                    store::<S>(largest, part, load::<S>(largest, part).max(x));
                }
            }
            let used = LANES.min(self.samples - block * LANES);
            min = extremes[0][..used].iter().copied().fold(min, f32::min);
            max = extremes[1][..used].iter().copied().fold(max, f32::max);
        }
        [min, max]
    }
}
