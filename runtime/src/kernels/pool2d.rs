//! What average and maximum pooling share: the checks, and the loop over the valid taps of a window.

use core::marker::PhantomData;

use super::sliding::{Axis, axes};
use super::{elements, opaque, rolled};
use crate::layer::Pool2d;

/// Everything constant in a layer.
pub(super) struct Shape<L>(PhantomData<L>);

impl<L: Pool2d> Shape<L> {
    const Y: Axis = axes!(L::PARAMS).0;
    const X: Axis = axes!(L::PARAMS).1;
    const HAS_BORDER: bool = Self::Y.has_border() || Self::X.has_border();
    const VALID: () = {
        let p = L::PARAMS;
        assert!(Self::Y.is_valid() && Self::X.is_valid(), "invalid window");
        assert!(
            p.input[2] == p.output[2] && p.input[2] > 0,
            "channels differ"
        );
        assert!(
            L::INPUT.len == elements(p.input),
            "input region and shape differ"
        );
        assert!(
            L::OUTPUT.len == elements(p.output),
            "output region and shape differ"
        );
        assert!(
            Self::Y.never_empty() && Self::X.never_empty(),
            "a window lies in the padding"
        );
    };
}

/// Folds every window: `fold(accumulator, x)` from `start`, then `finish(accumulator, number of taps)`.
#[inline(always)]
pub(super) fn pool<L: Pool2d>(
    arena: *mut i8,
    start: i32,
    fold: impl Fn(i32, i32) -> i32,
    finish: impl Fn(i32, i32) -> i32,
) {
    const { Shape::<L>::VALID };
    let (y, x) = (Shape::<L>::Y, Shape::<L>::X);
    let [_, _, channels] = L::PARAMS.input;
    // SAFETY: `unary` checked that both regions are inside the arena, VALID that they have the shapes'
    // sizes; every address below is that of an element of the shapes.
    let (input, mut output) = unsafe {
        (
            arena.add(L::INPUT.offset).cast_const(),
            arena.add(L::OUTPUT.offset),
        )
    };
    // Small windows become straight code, others stay loops. Not for MVE: LLVM turns a number of taps
    // that it knows to be 1 or 2 into CSINC of a scaled 1, which is not twice that (reads run away).
    let small = y.kernel * x.kernel <= 4 && !cfg!(all(target_arch = "arm", feature = "mve"));
    let rows = |taps| if small { taps } else { opaque(taps) };
    for oy in 0..opaque(y.out) {
        for ox in 0..opaque(x.out) {
            rolled();
            let ((top, bottom), (left, right)) = if Shape::<L>::HAS_BORDER {
                (y.taps(oy), x.taps(ox))
            } else {
                ((0, y.kernel), (0, x.kernel))
            };
            let count = ((bottom - top) * (right - left)) as i32;
            // SAFETY: the first valid tap of the window.
            let corner = unsafe { input.add((y.at(oy, top) * x.len + x.at(ox, left)) * channels) };
            for c in 0..opaque(channels) {
                rolled();
                let mut acc = start;
                for ky in 0..rows(bottom - top) {
                    for kx in 0..rows(right - left) {
                        if !small {
                            rolled();
                        }
                        let tap = (ky * y.dilation * x.len + kx * x.dilation) * channels + c;
                        // SAFETY: a valid tap of the window.
                        acc = fold(acc, i32::from(unsafe { *corner.add(tap) }));
                    }
                }
                // SAFETY: outputs are written in order, one per (oy, ox, c).
                unsafe {
                    *output = clamp::<L>(finish(acc, count));
                    output = output.add(1);
                }
            }
        }
    }
}

#[inline(always)]
fn clamp<L: Pool2d>(y: i32) -> i8 {
    let [low, high] = L::PARAMS.clamp;
    y.min(i32::from(high)).max(i32::from(low)) as i8
}
