//! Loops over [`Lanes`] compiled once per instruction set: what is inlined into [`Kernel::run`] is
//! compiled for each of them, with its vector registers; a closure handed to an iterator may not be
//! inlined, so inner loops are written out. Where a register is shorter than the lanes, a
//! loop runs over their parts.

use bytemuck::{bytes_of, bytes_of_mut, pod_read_unaligned};
use macerator::{AutoArch, Scalar, Simd, Vector, WithSimd};

use super::{LANES, Lanes};

/// Work that is worth a compilation per instruction set.
pub(super) trait Kernel {
    /// What comes out.
    type Output;
    /// The work; everything it calls in its inner loops must be inlined.
    fn run<S: Simd>(self) -> Self::Output;
}

struct Adapter<K>(K);

impl<K: Kernel> WithSimd for Adapter<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self) -> K::Output {
        self.0.run::<S>()
    }
}

/// Runs the work on the best instruction set of this machine.
pub(super) fn run<K: Kernel>(kernel: K) -> K::Output {
    AutoArch::new().dispatch(Adapter(kernel))
}

/// A register of values.
pub(super) type Part<S> = Vector<S, f32>;

/// How many registers hold all lanes.
#[inline(always)]
pub(super) const fn parts<S: Simd>() -> usize {
    size_of::<Lanes>() / size_of::<Part<S>>()
}

/// One part of the lanes.
#[inline(always)]
pub(super) fn load<S: Simd>(lanes: &Lanes, part: usize) -> Part<S> {
    let size = size_of::<Part<S>>();
    pod_read_unaligned(&bytes_of(lanes)[part * size..][..size])
}

/// Writes one part of the lanes.
#[inline(always)]
pub(super) fn store<S: Simd>(lanes: &mut Lanes, part: usize, value: Part<S>) {
    let size = size_of::<Part<S>>();
    bytes_of_mut(lanes)[part * size..][..size].copy_from_slice(bytes_of(&value));
}

/// The same value in every lane of a part.
#[inline(always)]
pub(super) fn splat<S: Simd>(value: f32) -> Part<S> {
    value.splat::<S>()
}

/// Sum of all lanes, in halves.
#[inline(always)]
pub(super) fn sum(lanes: &Lanes) -> f32 {
    let mut sums = *lanes;
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}
