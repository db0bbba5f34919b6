//! Mean, sum or maximum over any axes. One function for every layer of a model, one for sums and one for
//! maxima, as in [`super::conv2d`].

use super::requant::{Channel, Requant};
use super::{frozen, rolled, unary};
use crate::arena::Memory;
use crate::layer::Reduce;
use crate::params::{ReduceAxis, ReduceParams, SumParams};
use crate::requant::{Rounding, Scale};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn reduce_s8<L: Reduce>(arena: &mut impl Memory) {
    const {
        let p = L::PARAMS;
        let (outputs, kept) = extent(&p.kept);
        let (count, reduced) = extent(&p.reduced);
        assert!(L::OUTPUT.len == outputs, "output region and axes differ");
        assert!(
            L::INPUT.len == outputs * count && L::INPUT.len == kept + reduced + 1,
            "input region and axes differ"
        );
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: regions and axes were checked against each other.
    unsafe {
        match const { L::PARAMS.sum.is_some() } {
            true => sums(base, frozen(task)),
            false => maxima(base, frozen(task)),
        }
    }
}

/// Elements, and the offset of the last.
const fn extent(axes: &[ReduceAxis]) -> (usize, usize) {
    let (mut count, mut last) = (1, 0);
    let mut k = 0;
    while k < axes.len() {
        assert!(axes[k].count > 0, "empty axis");
        count *= axes[k].count;
        last += (axes[k].count - 1) * axes[k].stride;
        k += 1;
    }
    (count, last)
}

/// A layer as the functions below read it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    kept: [ReduceAxis; 3],
    reduced: [ReduceAxis; 3],
    /// The sum without elements.
    start: i32,
    requant: Requant,
    factor: Channel,
}

/// For maxima, which finish nothing.
const UNUSED: SumParams = SumParams {
    input_zero: 0,
    output_zero: 0,
    scale: Scale {
        mantissa: 0,
        exponent: 0,
    },
    rounding: Rounding::Single,
};

impl Task {
    const fn new<L: Reduce>() -> Self {
        let p: ReduceParams = L::PARAMS;
        let sum = match p.sum {
            Some(sum) => sum,
            None => UNUSED,
        };
        let (count, _) = extent(&p.reduced);
        // |x − zero| ≤ 255 per element.
        let bits = u64::BITS - (255 * count as u64).leading_zeros();
        let scale = ([sum.scale.mantissa], [sum.scale.exponent]);
        let scales: (&[i32], &[i8]) = (&scale.0, &scale.1);
        let full = [i8::MIN, i8::MAX];
        let requant = Requant::new(sum.rounding, sum.output_zero, full, bits, scales);
        Self {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            kept: p.kept,
            reduced: p.reduced,
            start: (count as i32).wrapping_mul(-(sum.input_zero as i32)),
            requant,
            factor: requant.channel(sum.scale.mantissa, sum.scale.exponent),
        }
    }

    /// Computes all outputs, in order.
    ///
    /// # Safety
    /// The task is that of a valid layer, `arena` its arena.
    #[inline(always)]
    unsafe fn each(
        &self,
        arena: *mut i8,
        start: i32,
        fold: impl Fn(i32, i32) -> i32,
        finish: impl Fn(i32) -> i8,
    ) {
        let [a, b, c] = &self.kept;
        let [d, e, f] = &self.reduced;
        // SAFETY: the axes reach the elements of the input, and there are as many outputs.
        unsafe {
            let mut xa = arena.add(self.input).cast_const();
            let mut output = arena.add(self.output);
            for _ in 0..a.count {
                rolled();
                let mut xb = xa;
                for _ in 0..b.count {
                    rolled();
                    let mut xc = xb;
                    for _ in 0..c.count {
                        rolled();
                        let (mut acc, mut xd) = (start, xc);
                        for _ in 0..d.count {
                            rolled();
                            let mut xe = xd;
                            for _ in 0..e.count {
                                rolled();
                                let mut x = xe;
                                for _ in 0..f.count {
                                    rolled();
                                    acc = fold(acc, i32::from(*x));
                                    x = x.wrapping_add(f.stride);
                                }
                                xe = xe.wrapping_add(e.stride);
                            }
                            xd = xd.wrapping_add(d.stride);
                        }
                        *output = finish(acc);
                        output = output.add(1);
                        xc = xc.wrapping_add(c.stride);
                    }
                    xb = xb.wrapping_add(b.stride);
                }
                xa = xa.wrapping_add(a.stride);
            }
        }
    }
}

/// Computes all sums or means.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn sums(arena: *mut i8, task: &Task) {
    let finish = |acc| task.requant.finish_any(acc, &task.factor);
    // SAFETY: the caller's promise.
    unsafe { task.each(arena, task.start, |acc, x| acc.wrapping_add(x), finish) }
}

/// Computes all maxima.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn maxima(arena: *mut i8, task: &Task) {
    let lowest = i32::from(i8::MIN);
    // SAFETY: the caller's promise.
    unsafe { task.each(arena, lowest, i32::max, |acc| acc as i8) }
}
