//! Average pooling of the raw values, half away from zero.

use super::pool2d::pool;
use super::unary;
use crate::arena::Memory;
use crate::layer::Pool2d;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn average_pool2d_s8<L: Pool2d>(arena: &mut impl Memory) {
    layer::<L>(unary::<L, _>(arena));
}

#[inline(never)]
fn layer<L: Pool2d>(arena: *mut i8) {
    pool::<L>(arena, 0, |sum, x| sum + x, mean);
}

/// sum / count, half away from zero; `count` is positive (asserted per layer: no window is empty).
#[inline(always)]
fn mean(sum: i32, count: i32) -> i32 {
    let half = count / 2;
    let rounded = if sum > 0 { sum + half } else { sum - half };
    rounded.checked_div(count).unwrap_or(0)
}
