//! Maximum pooling.

use super::pool2d::pool;
use super::unary;
use crate::arena::Memory;
use crate::layer::Pool2d;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn max_pool2d_s8<L: Pool2d>(arena: &mut impl Memory) {
    layer::<L>(unary::<L, _>(arena));
}

#[inline(never)]
fn layer<L: Pool2d>(arena: *mut i8) {
    pool::<L>(arena, i32::from(i8::MIN), |max, x| max.max(x), |max, _| max);
}
