//! Element-wise addition. The output may be exactly one of the inputs: each element is read before it
//! is written.

use core::marker::PhantomData;

use super::requant::Requant;
use super::{binary, opaque, rolled};
use crate::arena::Memory;
use crate::layer::Add;
use crate::requant::{Rounding, Scale};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn add_s8<L: Add>(arena: &mut impl Memory) {
    layer::<L>(binary::<L, _>(arena));
}

/// Bits of a difference of two i8 shifted left by 20.
const SHIFTED_BITS: u32 = 28;

/// Everything constant in a layer.
struct Shape<L>(PhantomData<L>);

impl<L: Add> Shape<L> {
    const LEFT: Step = Step::new(L::PARAMS.rounding, L::PARAMS.left);
    const RIGHT: Step = Step::new(L::PARAMS.rounding, L::PARAMS.right);
    const SUM: Requant = {
        let p = L::PARAMS;
        // A factor below 2^e turns 28 bits into 28 + e; one more for the sum. Differences are at most
        // 255, so that what rounding adds is still below.
        let most = max(p.left.exponent, p.right.exponent);
        let bits = if most < 3 {
            SHIFTED_BITS + 1 + max(most, 0) as u32
        } else {
            32
        };
        let scale = ([p.output.mantissa], [p.output.exponent]);
        Requant::new(
            p.rounding,
            p.output_zero,
            p.clamp,
            bits,
            (&scale.0, &scale.1),
        )
    };
    const VALID: () = {
        let len = L::PARAMS.len;
        assert!(len > 0, "empty layer");
        assert!(
            L::LEFT.len == len && L::RIGHT.len == len,
            "input regions and length differ"
        );
        assert!(L::OUTPUT.len == len, "output region and length differ");
    };
}

/// An inner requantisation, whose result is not clamped.
#[derive(Clone, Copy)]
struct Step {
    requant: Requant,
    scale: Scale,
}

impl Step {
    const fn new(rounding: Rounding, scale: Scale) -> Self {
        let factor = ([scale.mantissa], [scale.exponent]);
        let clamp = [i8::MIN, i8::MAX];
        Self {
            requant: Requant::new(rounding, 0, clamp, SHIFTED_BITS, (&factor.0, &factor.1)),
            scale,
        }
    }

    #[inline(always)]
    const fn apply(self, acc: i32) -> i32 {
        let Scale { mantissa, exponent } = self.scale;
        self.requant
            .scaled(acc, self.requant.channel(mantissa, exponent))
    }
}

#[inline(never)]
fn layer<L: Add>(arena: *mut i8) {
    const { Shape::<L>::VALID };
    let params = L::PARAMS;
    let output = Shape::<L>::SUM.channel(params.output.mantissa, params.output.exponent);
    for i in 0..opaque(params.len) {
        rolled();
        // SAFETY: `binary` and VALID: three regions of `len` bytes inside the arena.
        unsafe {
            let left = *arena.add(L::LEFT.offset + i);
            let right = *arena.add(L::RIGHT.offset + i);
            let left = (i32::from(left) - i32::from(params.left_zero)) << 20;
            let right = (i32::from(right) - i32::from(params.right_zero)) << 20;
            let sum = Shape::<L>::LEFT
                .apply(left)
                .wrapping_add(Shape::<L>::RIGHT.apply(right));
            *arena.add(L::OUTPUT.offset + i) = Shape::<L>::SUM.finish(sum, output);
        }
    }
}

const fn max(a: i8, b: i8) -> i8 {
    if a > b { a } else { b }
}
