//! Maximum pooling.

use super::pool2d::{Fold, pool};
use crate::arena::Memory;
use crate::layer::Pool2d;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn max_pool2d_s8<L: Pool2d>(arena: &mut impl Memory) {
    pool::<L, Maximum>(arena);
}

struct Maximum;

impl Fold for Maximum {
    const START: i32 = i8::MIN as i32;

    #[inline(always)]
    fn tap(acc: i32, x: i32) -> i32 {
        acc.max(x)
    }

    #[inline(always)]
    fn finish(acc: i32, _: usize) -> i32 {
        acc
    }
}
