//! Mean over height and width. One function for every layer of a model, as in [`super::conv2d`].

use super::requant::{Channel, Requant};
use super::{elements, frozen, rolled, unary};
use crate::arena::Memory;
use crate::layer::Mean;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn mean_s8<L: Mean>(arena: &mut impl Memory) {
    const {
        let p = L::PARAMS;
        assert!(elements(p.input) > 0, "empty layer");
        assert!(
            L::INPUT.len == elements(p.input),
            "input region and shape differ"
        );
        assert!(
            L::OUTPUT.len == p.input[2],
            "output region and channels differ"
        );
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: regions and shapes were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    pixels: usize,
    channels: usize,
    /// The sum without pixels.
    start: i32,
    requant: Requant,
    factor: Channel,
}

impl Task {
    pub(super) const fn new<L: Mean>() -> Self {
        let p = L::PARAMS;
        let pixels = p.input[0] * p.input[1];
        // |x − zero| ≤ 255 per pixel.
        let bits = u64::BITS - (255 * pixels as u64).leading_zeros();
        let scale = ([p.scale.mantissa], [p.scale.exponent]);
        let scales: (&[i32], &[i8]) = (&scale.0, &scale.1);
        let requant = Requant::new(p.rounding, p.output_zero, p.clamp, bits, scales);
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            pixels,
            channels: p.input[2],
            start: (pixels as i32).wrapping_mul(-(p.input_zero as i32)),
            requant,
            factor: requant.channel(p.scale.mantissa, p.scale.exponent),
        }
    }
}

impl Task {
    /// Writes the outputs of sums over all pixels, for a layer whose rows came one by one.
    ///
    /// # Safety
    /// The task is that of a valid layer, `arena` its arena; there are as many sums as channels.
    #[inline(never)]
    pub(super) unsafe fn finish(&self, sums: *const i32, arena: *mut i8) {
        // SAFETY: the caller's promise.
        unsafe {
            for c in 0..self.channels {
                rolled();
                let sum = self.start.wrapping_add(*sums.add(c));
                *arena.add(self.output + c) = self.requant.finish_any(sum, &self.factor);
            }
        }
    }
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    // SAFETY: the regions lie in the arena and have the shape's sizes.
    unsafe {
        for c in 0..task.channels {
            rolled();
            let mut x = arena.add(task.input + c).cast_const();
            let mut sum = task.start;
            for _ in 0..task.pixels {
                rolled();
                sum = sum.wrapping_add(i32::from(*x));
                x = x.wrapping_add(task.channels);
            }
            *arena.add(task.output + c) = task.requant.finish_any(sum, &task.factor);
        }
    }
}
