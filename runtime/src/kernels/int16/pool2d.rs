//! Average and maximum pooling. One function of each for every layer of a model, as in
//! [`crate::kernels::conv2d`].

use super::{clamp, holds};
use crate::arena::Memory;
use crate::kernels::multiply::DIVISION;
use crate::kernels::sliding::{Axis, axes};
use crate::kernels::{elements, frozen, rolled, unary};
use crate::layer::Pool2dS16;

/// The mean over each window: runs the layer `L` on the arena.
#[inline(always)]
pub fn average_pool2d_s16<L: Pool2dS16>(arena: &mut impl Memory) {
    let (base, task) = checked::<L, _>(arena);
    // SAFETY: regions and shapes were checked against each other.
    unsafe { run::<true>(base, task) }
}

/// The maximum over each window: runs the layer `L` on the arena.
#[inline(always)]
pub fn max_pool2d_s16<L: Pool2dS16>(arena: &mut impl Memory) {
    let (base, task) = checked::<L, _>(arena);
    // SAFETY: regions and shapes were checked against each other.
    unsafe { run::<false>(base, task) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(in crate::kernels) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    y: Axis,
    x: Axis,
    channels: usize,
    clamp: [i16; 2],
}

/// Taps of a window, whose sum must fit 32 bits with half of them added.
const MOST_TAPS: usize = 1 << 15;

/// The arena and the task of a layer whose regions and shapes fit together, or it does not compile.
#[inline(always)]
fn checked<L: Pool2dS16, M: Memory>(arena: &mut M) -> (*mut i8, &'static Task) {
    const {
        let p = L::PARAMS;
        let (y, x) = axes!(p);
        assert!(y.is_valid() && x.is_valid(), "invalid window");
        assert!(
            p.input[2] == p.output[2] && p.input[2] > 0,
            "channels differ"
        );
        holds(L::INPUT, elements(p.input));
        holds(L::OUTPUT, elements(p.output));
        assert!(
            y.never_empty() && x.never_empty(),
            "a window lies in the padding"
        );
        assert!(
            p.kernel[0] <= MOST_TAPS && p.kernel[0] * p.kernel[1] <= MOST_TAPS,
            "too many taps"
        );
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const {
        let (y, x) = axes!(L::PARAMS);
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            y,
            x,
            channels: L::PARAMS.input[2],
            clamp: L::PARAMS.clamp,
        }
    };
    (base, frozen(task))
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run<const MEAN: bool>(arena: *mut i8, task: &Task) {
    let (y, x, channels) = (&task.y, &task.x, task.channels);
    let column = x.dilation * channels;
    let row = y.dilation * x.len * channels;
    // SAFETY: the regions lie in the arena, are aligned and have the shapes' sizes; every address below
    // that is read or written is that of an element of the shapes, and outputs are written in order.
    unsafe {
        let input: *const i16 = arena.add(task.input).cast_const().cast();
        let mut output: *mut i16 = arena.add(task.output).cast();
        for oy in 0..y.out {
            rolled();
            let (top, bottom) = y.taps(oy);
            for ox in 0..x.out {
                rolled();
                let (left, right) = x.taps(ox);
                let mut corner = input.add((y.at(oy, top) * x.len + x.at(ox, left)) * channels);
                for _ in 0..channels {
                    rolled();
                    let mut acc = if MEAN { 0 } else { i32::from(i16::MIN) };
                    let mut taps = corner;
                    for _ in top..bottom {
                        rolled();
                        let mut tap = taps;
                        for _ in left..right {
                            rolled();
                            let x = i32::from(*tap);
                            acc = if MEAN {
                                acc.wrapping_add(x)
                            } else {
                                acc.max(x)
                            };
                            tap = tap.wrapping_add(column);
                        }
                        taps = taps.wrapping_add(row);
                    }
                    if MEAN {
                        acc = mean(acc, (bottom - top) * (right - left));
                    }
                    *output = clamp(acc, task.clamp);
                    output = output.add(1);
                    corner = corner.add(1);
                }
            }
        }
    }
}

/// The mean of `count` values, at least one, half away from zero.
#[inline(always)]
fn mean(sum: i32, count: usize) -> i32 {
    let count = count as u32;
    let mean = quotient(sum.unsigned_abs() + count / 2, count).cast_signed();
    if sum > 0 { mean } else { -mean }
}

/// A quotient of at most 16 bits: the magnitude of a mean of i16.
#[inline(always)]
fn quotient(n: u32, d: u32) -> u32 {
    if DIVISION {
        n.checked_div(d).unwrap_or(0)
    } else {
        quotient_by_bits(n, d)
    }
}

/// As [`quotient`], where division would be a routine that takes as long as its operands say.
#[inline(always)]
fn quotient_by_bits(mut n: u32, d: u32) -> u32 {
    let mut place = d << 15;
    let mut quotient = 0;
    for _ in 0..16 {
        rolled();
        quotient <<= 1;
        if n >= place {
            n -= place;
            quotient += 1;
        }
        place >>= 1;
    }
    quotient
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_mean_is_found_bit_by_bit(d in 1u32..=1 << 15, mean in 0u32..=1 << 15, rest: u32) {
            let n = mean * d + rest % d;
            prop_assert_eq!(quotient_by_bits(n, d), mean);
        }
    }
}
