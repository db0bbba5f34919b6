//! Depthwise convolution: every channel has a window of its own. Kernels are `[1, H, W, C]`; a channel
//! multiplier repeats the input's channels first.

use macerator::Simd;

use super::geometry::{Geometry, Tap};
use super::simd::{Kernel, load, parts, run, splat, store};
use super::{LANES, Lanes};

/// The convolution.
pub(super) fn forward(geometry: &Geometry, x: &[Lanes], kernel: &[f32]) -> Vec<Lanes> {
    let (single, x) = repeated(geometry, x);
    run(Gather {
        geometry: &single,
        from: &x,
        kernel,
        of_input: false,
    })
}

/// The gradient of `x`, from that of the output.
pub(super) fn input_gradient(geometry: &Geometry, kernel: &[f32], dy: &[Lanes]) -> Vec<Lanes> {
    let (single, multiplier) = single(geometry);
    let dx = run(Gather {
        geometry: &single,
        from: dy,
        kernel,
        of_input: true,
    });
    if multiplier == 1 {
        return dx;
    }
    dx.chunks_exact(multiplier)
        .map(|copies| std::array::from_fn(|lane| copies.iter().map(|copy| copy[lane]).sum()))
        .collect()
}

/// The gradient of the kernel.
pub(super) fn kernel_gradient(geometry: &Geometry, x: &[Lanes], dy: &[Lanes]) -> Vec<f32> {
    let (single, x) = repeated(geometry, x);
    run(KernelGradient {
        geometry: &single,
        x: &x,
        dy,
    })
}

/// The geometry with as many input channels as output channels, and the multiplier.
fn single(geometry: &Geometry) -> (Geometry, usize) {
    let [height, width, channels] = geometry.input;
    let multiplier = geometry.output[2] / channels.max(1);
    let input = [height, width, geometry.output[2]];
    (Geometry { input, ..*geometry }, multiplier)
}

fn repeated<'a>(geometry: &Geometry, x: &'a [Lanes]) -> (Geometry, std::borrow::Cow<'a, [Lanes]>) {
    let (single, multiplier) = single(geometry);
    if multiplier == 1 {
        return (single, x.into());
    }
    let copies = x
        .iter()
        .flat_map(|lanes| std::iter::repeat_n(*lanes, multiplier));
    (single, copies.collect::<Vec<_>>().into())
}

/// Channels that are summed together, so that sums need not wait for each other.
const GROUP: usize = 8;

struct Gather<'a> {
    geometry: &'a Geometry,
    from: &'a [Lanes],
    kernel: &'a [f32],
    of_input: bool,
}

impl Kernel for Gather<'_> {
    type Output = Vec<Lanes>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<Lanes> {
        self.grouped::<S, GROUP>()
    }
}

impl Gather<'_> {
    #[inline(always)]
    fn grouped<S: Simd, const G: usize>(self) -> Vec<Lanes> {
        let geometry = self.geometry;
        let (mut walk, to) = match self.of_input {
            true => (geometry.inputs(), geometry.input),
            false => (geometry.outputs(), geometry.output),
        };
        let channels = to[2];
        let mut result = Vec::with_capacity(geometry.blocks * to.iter().product::<usize>());
        let mut taps = Vec::new();
        while walk.next(&mut taps) {
            let mut channel = 0;
            while channel + G <= channels {
                self.channels::<S, G>(&taps, channel, &mut result);
                channel += G;
            }
            while channel < channels {
                self.channels::<S, 1>(&taps, channel, &mut result);
                channel += 1;
            }
        }
        result
    }

    /// `G` channels of one pixel.
    #[inline(always)]
    fn channels<S: Simd, const G: usize>(&self, taps: &[Tap], channel: usize, to: &mut Vec<Lanes>) {
        let channels = self.geometry.output[2];
        let mut results = [[0.0; LANES]; G];
        for part in 0..parts::<S>() {
            let mut sums = [splat::<S>(0.0); G];
            for tap in taps {
                let values = &self.from[tap.from + channel..][..G];
                let weights = &self.kernel[tap.tap * channels + channel..][..G];
                for g in 0..G {
                    let value = load::<S>(&values[g], part);
                    sums[g] = splat::<S>(weights[g]).mul_add(value, sums[g]);
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
}

struct KernelGradient<'a> {
    geometry: &'a Geometry,
    x: &'a [Lanes],
    dy: &'a [Lanes],
}

impl Kernel for KernelGradient<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<f32> {
        self.grouped::<S, GROUP>()
    }
}

impl KernelGradient<'_> {
    #[inline(always)]
    fn grouped<S: Simd, const G: usize>(self) -> Vec<f32> {
        let geometry = self.geometry;
        let (taps, channels) = (geometry.taps(), geometry.output[2]);
        let mut gradient = vec![0.0; taps * channels];
        let mut pairs = Vec::new();
        let step = geometry.rows_at_a_time();
        for first in (0..geometry.rows()).step_by(step) {
            let rows = first..(first + step).min(geometry.rows());
            for tap in 0..taps {
                geometry.pairs(rows.clone(), tap, &mut pairs);
                let to = &mut gradient[tap * channels..][..channels];
                let mut channel = 0;
                while channel + G <= channels {
                    self.channels::<S, G>(&pairs, channel, to);
                    channel += G;
                }
                while channel < channels {
                    self.channels::<S, 1>(&pairs, channel, to);
                    channel += 1;
                }
            }
        }
        gradient
    }

    /// Adds the gradients of one tap of `G` channels over these pixels.
    #[inline(always)]
    fn channels<S: Simd, const G: usize>(
        &self,
        pairs: &[[usize; 2]],
        channel: usize,
        to: &mut [f32],
    ) {
        for part in 0..parts::<S>() {
            let mut sums = [splat::<S>(0.0); G];
            for &[dy, x] in pairs {
                let dy = &self.dy[dy + channel..][..G];
                let x = &self.x[x + channel..][..G];
                for g in 0..G {
                    sums[g] = load::<S>(&dy[g], part).mul_add(load::<S>(&x[g], part), sums[g]);
                }
            }
            for g in 0..G {
                to[channel + g] += sums[g].reduce_add();
            }
        }
    }
}
