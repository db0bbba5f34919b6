//! Average pooling of the raw values, half away from zero.

use super::pool2d::{Fold, pool};
use crate::arena::Memory;
use crate::layer::Pool2d;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn average_pool2d_s8<L: Pool2d>(arena: &mut impl Memory) {
    pool::<L, Average>(arena);
}

struct Average;

impl Fold for Average {
    const START: i32 = 0;

    #[inline(always)]
    fn tap(acc: i32, x: i32) -> i32 {
        acc + x
    }

    #[inline(always)]
    fn finish(acc: i32, count: usize) -> i32 {
        rounded_mean(acc, count)
    }
}

/// The mean of `count` values, at least one, half away from zero.
#[inline(always)]
pub(super) fn rounded_mean(sum: i32, count: usize) -> i32 {
    let count = count as u32;
    let magnitude = (sum.unsigned_abs() + count / 2).checked_div(count);
    let mean = magnitude.unwrap_or(0).cast_signed();
    if sum > 0 { mean } else { -mean }
}
