//! Softmax: two passes over the vector, one look-up of an exponential per element and pass.

use super::{opaque, rolled, unary};
use crate::arena::Memory;
use crate::layer::Softmax;
use crate::softmax_math::{Reciprocal, sum_term};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn softmax_s8<L: Softmax>(arena: &mut impl Memory) {
    layer::<L>(unary::<L, _>(arena));
}

#[inline(never)]
fn layer<L: Softmax>(arena: *mut i8) {
    let len = opaque(L::PARAMS.len);
    const {
        assert!(L::PARAMS.len > 0, "empty layer");
        assert!(
            L::INPUT.len == L::PARAMS.len,
            "input region and length differ"
        );
        assert!(
            L::OUTPUT.len == L::PARAMS.len,
            "output region and length differ"
        );
    }
    let x = |i: usize| {
        // SAFETY: `unary` and the assertions above: i < len bytes of the input region.
        i32::from(unsafe { *arena.add(L::INPUT.offset + i) })
    };
    let mut max = i32::from(i8::MIN);
    for i in 0..len {
        rolled();
        max = max.max(x(i));
    }
    // The difference of two i8 has eight bits; the mask says so to the compiler.
    let exp = |i: usize| L::PARAMS.exps[((max - x(i)) & 0xff) as usize];
    let mut sum = 0i32;
    for i in 0..len {
        rolled();
        sum = sum.wrapping_add(sum_term(exp(i)));
    }
    let reciprocal = Reciprocal::of(sum);
    for i in 0..len {
        rolled();
        let y = reciprocal.scale(exp(i));
        // SAFETY: as for the input.
        unsafe { *arena.add(L::OUTPUT.offset + i) = y };
    }
}
