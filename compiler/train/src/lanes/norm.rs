//! Batch norm in training and the activation after it, in two passes over the values each way. The
//! lanes behind the last sample count in no statistic and get no gradient.

use ember_ir::Activation;
use macerator::Simd;

use super::activate::{activated, passed};
use super::simd::{Kernel, load, parts, run, splat, store, sum};
use super::{LANES, Lanes};

/// A batch norm over `channels` (the fastest axis) of `samples` samples.
#[derive(Clone, Copy, Debug)]
pub struct Norm {
    /// Number of channels.
    pub channels: usize,
    /// Samples in all blocks together.
    pub samples: usize,
    /// Added to a variance before its root is taken.
    pub epsilon: f32,
    /// What follows.
    pub activation: Activation,
}

/// What a forward pass gives.
pub(super) struct Normed {
    pub y: Vec<Lanes>,
    pub mean: Vec<f32>,
    /// Biased.
    pub variance: Vec<f32>,
}

/// What a backward pass gives.
pub(super) struct Gradients {
    pub x: Vec<Lanes>,
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
}

/// Normalises with the batch's statistics.
pub(super) fn forward(norm: &Norm, x: &[Lanes], gamma: &[f32], beta: &[f32]) -> Normed {
    run(Forward {
        norm,
        x,
        gamma,
        beta,
    })
}

/// A forward pass as its backward pass needs it.
pub(super) struct Past<'a> {
    pub x: &'a [Lanes],
    pub y: &'a [Lanes],
    pub gamma: &'a [f32],
    pub mean: &'a [f32],
    pub variance: &'a [f32],
}

/// The gradients of x, gamma and beta, from that of y.
pub(super) fn backward(norm: &Norm, past: &Past<'_>, dy: &[Lanes]) -> Gradients {
    run(Backward { norm, past, dy })
}

impl Norm {
    /// 1 for a sample, 0 behind the last one.
    fn mask(&self, block: usize) -> Lanes {
        std::array::from_fn(|lane| f32::from(u8::from(block * LANES + lane < self.samples)))
    }

    /// Number of blocks, and values per channel of all samples.
    fn sizes(&self, x: &[Lanes]) -> (usize, f32) {
        let blocks = self.samples.div_ceil(LANES).max(1);
        let pixels = x.len() / (blocks * self.channels).max(1);
        (blocks, (pixels * self.samples) as f32)
    }
}

struct Forward<'a> {
    norm: &'a Norm,
    x: &'a [Lanes],
    gamma: &'a [f32],
    beta: &'a [f32],
}

impl Kernel for Forward<'_> {
    type Output = Normed;

    #[inline(always)]
    fn run<S: Simd>(self) -> Normed {
        let Self {
            norm,
            x,
            gamma,
            beta,
        } = self;
        let channels = norm.channels;
        let (blocks, count) = norm.sizes(x);
        // Distances from any one value of the channel: their squares are of the variance's size.
        let pivots: Vec<f32> = x[..channels].iter().map(|lanes| lanes[0]).collect();
        let mut sums = vec![[[0.0f32; LANES]; 2]; channels];
        for (block, x) in x.chunks_exact(x.len() / blocks).enumerate() {
            let mask = norm.mask(block);
            for pixel in x.chunks_exact(channels) {
                for ((x, &pivot), [first, second]) in pixel.iter().zip(&pivots).zip(&mut sums) {
                    for part in 0..parts::<S>() {
                        let mask = load::<S>(&mask, part);
                        let distance = (load::<S>(x, part) - splat::<S>(pivot)) * mask;
                        store::<S>(first, part, load::<S>(first, part) + distance);
                        let square = distance.mul_add(distance, load::<S>(second, part));
                        store::<S>(second, part, square);
                    }
                }
            }
        }
        let (mut mean, mut variance) = (Vec::new(), Vec::new());
        for ([first, second], pivot) in sums.iter().zip(&pivots) {
            let first = sum(first) / count;
            mean.push(pivot + first);
            variance.push((sum(second) / count - first * first).max(0.0));
        }
        let lines: Vec<[f32; 2]> = (0..channels)
            .map(|c| {
                let slope = gamma[c] / (variance[c] + norm.epsilon).sqrt();
                [slope, beta[c] - mean[c] * slope]
            })
            .collect();
        let mut y = Vec::with_capacity(x.len());
        for pixel in x.chunks_exact(channels) {
            for (x, &[slope, offset]) in pixel.iter().zip(&lines) {
                let mut to = [0.0; LANES];
                for part in 0..parts::<S>() {
                    let line = load::<S>(x, part).mul_add(splat::<S>(slope), splat::<S>(offset));
                    store::<S>(&mut to, part, activated(norm.activation, line));
                }
                y.push(to);
            }
        }
        Normed { y, mean, variance }
    }
}

struct Backward<'a> {
    norm: &'a Norm,
    past: &'a Past<'a>,
    dy: &'a [Lanes],
}

impl Kernel for Backward<'_> {
    type Output = Gradients;

    #[inline(always)]
    fn run<S: Simd>(self) -> Gradients {
        let Self { norm, past, dy } = self;
        let (channels, activation) = (norm.channels, norm.activation);
        let (blocks, count) = norm.sizes(past.x);
        let mut sums = vec![[[0.0f32; LANES]; 2]; channels];
        let pixels = |values| <[Lanes]>::chunks_exact(values, channels);
        for ((x, y), dy) in pixels(past.x).zip(pixels(past.y)).zip(pixels(dy)) {
            let values = x.iter().zip(y).zip(dy).zip(past.mean).zip(&mut sums);
            for ((((x, y), dy), mean), [first, second]) in values {
                for part in 0..parts::<S>() {
                    let g = passed(activation, load::<S>(y, part), load::<S>(dy, part));
                    let distance = load::<S>(x, part) - splat::<S>(*mean);
                    store::<S>(first, part, load::<S>(first, part) + g);
                    let product = g.mul_add(distance, load::<S>(second, part));
                    store::<S>(second, part, product);
                }
            }
        }
        let (mut gamma, mut beta, mut lines) = (Vec::new(), Vec::new(), Vec::new());
        for (c, [first, second]) in sums.iter().enumerate() {
            let (first, second) = (sum(first), sum(second));
            let deviation = 1.0 / (past.variance[c] + norm.epsilon).sqrt();
            gamma.push(second * deviation);
            beta.push(first);
            // dx = slope · (g − mean(g) − (x − mean) / deviation² · mean(g · (x − mean))).
            let slope = past.gamma[c] * deviation;
            let tilt = -slope * deviation * deviation * second / count;
            lines.push([slope, tilt, -slope * first / count - tilt * past.mean[c]]);
        }
        let mut dx = Vec::with_capacity(past.x.len());
        let block_len = past.x.len() / blocks;
        let of =
            |values, block: usize| &<[Lanes]>::as_ref(values)[block * block_len..][..block_len];
        for block in 0..blocks {
            let mask = norm.mask(block);
            let (x, y, dy) = (of(past.x, block), of(past.y, block), of(dy, block));
            for ((x, y), dy) in pixels(x).zip(pixels(y)).zip(pixels(dy)) {
                for (((x, y), dy), &[slope, tilt, offset]) in x.iter().zip(y).zip(dy).zip(&lines) {
                    let mut to = [0.0; LANES];
                    for part in 0..parts::<S>() {
                        let g = passed(activation, load::<S>(y, part), load::<S>(dy, part));
                        let line = load::<S>(x, part).mul_add(splat::<S>(tilt), splat::<S>(offset));
                        let sum = g.mul_add(splat::<S>(slope), line);
                        store::<S>(&mut to, part, sum * load::<S>(&mask, part));
                    }
                    dx.push(to);
                }
            }
        }
        Gradients { x: dx, gamma, beta }
    }
}
