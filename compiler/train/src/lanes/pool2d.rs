//! Average and maximum pooling; padded taps count in neither.

use macerator::Simd;

use super::geometry::Geometry;
use super::simd::{Kernel, load, parts, run, splat, store};
use super::{LANES, Lanes};

/// Mean of the taps.
pub(super) fn average(geometry: &Geometry, x: &[Lanes]) -> Vec<Lanes> {
    run(Average {
        geometry,
        x,
        dy: None,
    })
}

/// The gradient of `x`.
pub(super) fn average_gradient(geometry: &Geometry, dy: &[Lanes]) -> Vec<Lanes> {
    run(Average {
        geometry,
        x: &[],
        dy: Some(dy),
    })
}

/// Largest of the taps.
pub(super) fn max(geometry: &Geometry, x: &[Lanes]) -> Vec<Lanes> {
    run(Max { geometry, x })
}

/// The gradient of `x`: the first of the largest taps gets it.
pub(super) fn max_gradient(
    geometry: &Geometry,
    x: &[Lanes],
    y: &[Lanes],
    dy: &[Lanes],
) -> Vec<Lanes> {
    run(MaxGradient { geometry, x, y, dy })
}

struct Average<'a> {
    geometry: &'a Geometry,
    x: &'a [Lanes],
    dy: Option<&'a [Lanes]>,
}

impl Kernel for Average<'_> {
    type Output = Vec<Lanes>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<Lanes> {
        let geometry = self.geometry;
        let channels = geometry.output[2];
        let zero = [0.0; LANES];
        let len = match self.dy {
            Some(_) => geometry.blocks * geometry.input.iter().product::<usize>(),
            None => geometry.blocks * geometry.output.iter().product::<usize>(),
        };
        let mut result = vec![zero; len];
        let (mut walk, mut taps, mut at) = (geometry.outputs(), Vec::new(), 0);
        while walk.next(&mut taps) {
            let part = 1.0 / taps.len().max(1) as f32;
            for tap in &taps {
                let (to, from) = match self.dy {
                    Some(dy) => (&mut result[tap.from..], &dy[at..]),
                    None => (&mut result[at..], &self.x[tap.from..]),
                };
                for (to, from) in to[..channels].iter_mut().zip(&from[..channels]) {
                    for index in 0..parts::<S>() {
                        let from = load::<S>(from, index);
                        let sum = from.mul_add(splat::<S>(part), load::<S>(to, index));
                        store::<S>(to, index, sum);
                    }
                }
            }
            at += channels;
        }
        result
    }
}

struct Max<'a> {
    geometry: &'a Geometry,
    x: &'a [Lanes],
}

impl Kernel for Max<'_> {
    type Output = Vec<Lanes>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<Lanes> {
        let geometry = self.geometry;
        let channels = geometry.output[2];
        let len = geometry.blocks * geometry.output.iter().product::<usize>();
        let mut result = vec![[f32::MIN; LANES]; len];
        let (mut walk, mut taps) = (geometry.outputs(), Vec::new());
        for to in result.chunks_exact_mut(channels) {
            walk.next(&mut taps);
            for tap in &taps {
                for (to, from) in to.iter_mut().zip(&self.x[tap.from..][..channels]) {
                    for part in 0..parts::<S>() {
                        let largest = load::<S>(to, part).max(load::<S>(from, part));
                        store::<S>(to, part, largest);
                    }
                }
            }
        }
        result
    }
}

struct MaxGradient<'a> {
    geometry: &'a Geometry,
    x: &'a [Lanes],
    y: &'a [Lanes],
    dy: &'a [Lanes],
}

impl Kernel for MaxGradient<'_> {
    type Output = Vec<Lanes>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<Lanes> {
        let geometry = self.geometry;
        let channels = geometry.output[2];
        let mut result = vec![[0.0; LANES]; self.x.len()];
        let (mut walk, mut taps) = (geometry.outputs(), Vec::new());
        let pixels = |values| <[Lanes]>::chunks_exact(values, channels);
        for (y, dy) in pixels(self.y).zip(pixels(self.dy)) {
            walk.next(&mut taps);
            let mut rest = dy.to_vec();
            for tap in &taps {
                let values = result[tap.from..].iter_mut().zip(&self.x[tap.from..]);
                for (((to, x), y), rest) in values.zip(y).zip(&mut rest) {
                    for part in 0..parts::<S>() {
                        let is_largest = load::<S>(x, part).eq(load::<S>(y, part));
                        let (zero, left) = (splat::<S>(0.0), load::<S>(rest, part));
                        let given = load::<S>(to, part) + is_largest.select(left, zero);
                        store::<S>(to, part, given);
                        let is_largest = load::<S>(x, part).eq(load::<S>(y, part));
                        store::<S>(rest, part, is_largest.select(zero, left));
                    }
                }
            }
        }
        result
    }
}
