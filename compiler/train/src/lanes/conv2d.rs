//! Convolution over all channels; a dense layer is one over a single pixel. Kernels are OHWI.
//!
//! Outputs and input gradients are the same sum: of a pixel's taps, each the product of a matrix and
//! the channels of the pixel it reads. Several channels of the result are summed at a time, so that a
//! value once loaded serves them all; their weights are packed side by side. The kernel's gradient is a
//! sum over pixels of products of channels, tile by tile.

use macerator::Simd;

use super::geometry::{Geometry, Tap};
use super::simd::{Kernel, load, parts, run, splat, store};
use super::{LANES, Lanes};

/// The convolution.
pub(super) fn forward(geometry: &Geometry, x: &[Lanes], kernel: &[f32]) -> Vec<Lanes> {
    run(Gather {
        geometry,
        from: x,
        kernel,
        of_input: false,
    })
}

/// The gradient of `x`, from that of the output.
pub(super) fn input_gradient(geometry: &Geometry, kernel: &[f32], dy: &[Lanes]) -> Vec<Lanes> {
    run(Gather {
        geometry,
        from: dy,
        kernel,
        of_input: true,
    })
}

/// The gradient of the kernel.
pub(super) fn kernel_gradient(geometry: &Geometry, x: &[Lanes], dy: &[Lanes]) -> Vec<f32> {
    run(KernelGradient { geometry, x, dy })
}

/// Channels of the result that are summed together at most: as many registers.
const WIDEST: usize = 8;

struct Gather<'a> {
    geometry: &'a Geometry,
    from: &'a [Lanes],
    kernel: &'a [f32],
    of_input: bool,
}

/// Channels of the result that are summed together, and where their packed weights begin.
struct Group {
    channels: usize,
    start: usize,
}

impl Kernel for Gather<'_> {
    type Output = Vec<Lanes>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<Lanes> {
        let geometry = self.geometry;
        let (groups, packed) = self.pack();
        let [from, to] = match self.of_input {
            true => [geometry.output, geometry.input],
            false => [geometry.input, geometry.output],
        };
        let channels = from[2];
        let mut result = Vec::with_capacity(geometry.blocks * to.iter().product::<usize>());
        let mut walk = match self.of_input {
            true => geometry.inputs(),
            false => geometry.outputs(),
        };
        let mut taps = Vec::new();
        while walk.next(&mut taps) {
            for group in &groups {
                let weights = &packed[group.start..];
                let to = &mut result;
                match group.channels {
                    8 => dot::<S, 8>(self.from, &taps, weights, channels, to),
                    4 => dot::<S, 4>(self.from, &taps, weights, channels, to),
                    2 => dot::<S, 2>(self.from, &taps, weights, channels, to),
                    _ => dot::<S, 1>(self.from, &taps, weights, channels, to),
                }
            }
        }
        result
    }
}

impl Gather<'_> {
    /// The weights as they are read: by group, tap, channel that is read, channel of the group.
    fn pack(&self) -> (Vec<Group>, Vec<f32>) {
        let taps = self.geometry.taps();
        let [inputs, outputs] = [self.geometry.input[2], self.geometry.output[2]];
        let (from, to) = match self.of_input {
            true => (outputs, inputs),
            false => (inputs, outputs),
        };
        let (mut groups, mut packed) = (Vec::new(), Vec::with_capacity(self.kernel.len()));
        let mut first = 0;
        while first < to {
            let mut channels = WIDEST;
            while channels > to - first {
                channels /= 2;
            }
            groups.push(Group {
                channels,
                start: packed.len(),
            });
            for tap in 0..taps {
                for read in 0..from {
                    packed.extend((first..first + channels).map(|made| {
                        let (output, input) = match self.of_input {
                            true => (read, made),
                            false => (made, read),
                        };
                        self.kernel[(output * taps + tap) * inputs + input]
                    }));
                }
            }
            first += channels;
        }
        (groups, packed)
    }
}

/// `G` channels of one pixel.
#[inline(always)]
fn dot<S: Simd, const G: usize>(
    from: &[Lanes],
    taps: &[Tap],
    weights: &[f32],
    channels: usize,
    to: &mut Vec<Lanes>,
) {
    let weights = weights.as_chunks::<G>().0;
    let mut results = [[0.0; LANES]; G];
    for part in 0..parts::<S>() {
        let mut sums = [splat::<S>(0.0); G];
        for tap in taps {
            let values = &from[tap.from..][..channels];
            let weights = &weights[tap.tap * channels..][..channels];
            for (value, weights) in values.iter().zip(weights) {
                let value = load::<S>(value, part);
                for g in 0..G {
                    sums[g] = splat::<S>(weights[g]).mul_add(value, sums[g]);
                }
            }
        }
        for g in 0..G {
            store::<S>(&mut results[g], part, sums[g]);
        }
    }
    for result in results {
        to.push(result);
    }
}

/// Output channels of a tile of the kernel's gradient.
const HEIGHT: usize = 4;

struct KernelGradient<'a> {
    geometry: &'a Geometry,
    x: &'a [Lanes],
    dy: &'a [Lanes],
}

impl Kernel for KernelGradient<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<f32> {
        // Sums take as many registers as the tile has weights; there are 32 or 16.
        match parts::<S>() {
            1 => self.tiled::<S, 4>(),
            _ => self.tiled::<S, 2>(),
        }
    }
}

impl KernelGradient<'_> {
    #[inline(always)]
    fn tiled<S: Simd, const WIDTH: usize>(self) -> Vec<f32> {
        let geometry = self.geometry;
        let taps = geometry.taps();
        let [inputs, outputs] = [geometry.input[2], geometry.output[2]];
        let mut gradient = vec![0.0; outputs * taps * inputs];
        let mut pairs = Vec::new();
        let step = geometry.rows_at_a_time();
        for first in (0..geometry.rows()).step_by(step) {
            let rows = first..(first + step).min(geometry.rows());
            for tap in 0..taps {
                geometry.pairs(rows.clone(), tap, &mut pairs);
                let mut output = 0;
                while output < outputs {
                    let height = if outputs - output >= HEIGHT {
                        HEIGHT
                    } else {
                        1
                    };
                    let mut input = 0;
                    while input < inputs {
                        let width = if inputs - input >= WIDTH { WIDTH } else { 1 };
                        let to = &mut gradient[(output * taps + tap) * inputs + input..];
                        let at = [output, input];
                        let stride = taps * inputs;
                        match (height > 1, width > 1) {
                            (true, true) => self.tile::<S, HEIGHT, WIDTH>(&pairs, at, to, stride),
                            (true, false) => self.tile::<S, HEIGHT, 1>(&pairs, at, to, stride),
                            (false, true) => self.tile::<S, 1, WIDTH>(&pairs, at, to, stride),
                            (false, false) => self.tile::<S, 1, 1>(&pairs, at, to, stride),
                        }
                        input += width;
                    }
                    output += height;
                }
            }
        }
        gradient
    }

    /// Adds `A` × `B` weights' gradients over these pixels.
    #[inline(always)]
    fn tile<S: Simd, const A: usize, const B: usize>(
        &self,
        pairs: &[[usize; 2]],
        [output, input]: [usize; 2],
        to: &mut [f32],
        stride: usize,
    ) {
        for part in 0..parts::<S>() {
            let mut sums = [[splat::<S>(0.0); B]; A];
            for &[dy, x] in pairs {
                let dy = &self.dy[dy + output..][..A];
                let x = &self.x[x + input..][..B];
                for a in 0..A {
                    let dy = load::<S>(&dy[a], part);
                    for b in 0..B {
                        sums[a][b] = dy.mul_add(load::<S>(&x[b], part), sums[a][b]);
                    }
                }
            }
            for a in 0..A {
                for b in 0..B {
                    to[a * stride + b] += sums[a][b].reduce_add();
                }
            }
        }
    }
}
