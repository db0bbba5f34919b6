//! Mean over height and width.

use core::marker::PhantomData;

use super::requant::Requant;
use super::{elements, opaque, rolled, unary};
use crate::arena::Memory;
use crate::layer::Mean;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn mean_s8<L: Mean>(arena: &mut impl Memory) {
    layer::<L>(unary::<L, _>(arena));
}

/// Everything constant in a layer.
struct Shape<L>(PhantomData<L>);

impl<L: Mean> Shape<L> {
    const PIXELS: usize = L::PARAMS.input[0] * L::PARAMS.input[1];
    const REQUANT: Requant = {
        let p = L::PARAMS;
        // |x − zero| ≤ 255 per pixel.
        let bits = u64::BITS - (255 * Self::PIXELS as u64).leading_zeros();
        let scale = ([p.scale.mantissa], [p.scale.exponent]);
        Requant::new(
            p.rounding,
            p.output_zero,
            p.clamp,
            bits,
            (&scale.0, &scale.1),
        )
    };
    const VALID: () = {
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
    };
}

#[inline(never)]
fn layer<L: Mean>(arena: *mut i8) {
    const { Shape::<L>::VALID };
    let params = L::PARAMS;
    let [_, _, channels] = params.input;
    let factor = Shape::<L>::REQUANT.channel(params.scale.mantissa, params.scale.exponent);
    let start = (Shape::<L>::PIXELS as i32).wrapping_mul(-i32::from(params.input_zero));
    for c in 0..opaque(channels) {
        rolled();
        let mut sum = start;
        for pixel in 0..opaque(Shape::<L>::PIXELS) {
            rolled();
            // SAFETY: `unary` and VALID: an element of the input region.
            let x = unsafe { *arena.add(L::INPUT.offset + pixel * channels + c) };
            sum = sum.wrapping_add(i32::from(x));
        }
        // SAFETY: `unary` and VALID: one byte per channel in the output region.
        unsafe { *arena.add(L::OUTPUT.offset + c) = Shape::<L>::REQUANT.finish(sum, factor) };
    }
}
