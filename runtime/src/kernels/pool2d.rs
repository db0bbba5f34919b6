//! What average and maximum pooling share: the checks, and the loop over the valid taps of a window.
//!
//! One function for every pooling layer of a model and kind, as in [`super::conv2d`].

use super::sliding::{Axis, axes};
use super::{elements, frozen, rolled, unary};
use crate::arena::Memory;
use crate::layer::Pool2d;

/// How taps become an output.
pub(super) trait Fold {
    /// The accumulator without taps.
    const START: i32;
    /// One more tap.
    fn tap(acc: i32, x: i32) -> i32;
    /// The output of `count` taps, at least one.
    fn finish(acc: i32, count: usize) -> i32;
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    y: Axis,
    x: Axis,
    channels: usize,
    clamp: [i8; 2],
}

/// Runs the layer `L` on the arena.
#[inline(always)]
pub(super) fn pool<L: Pool2d, F: Fold>(arena: &mut impl Memory) {
    const {
        let p = L::PARAMS;
        let (y, x) = axes!(p);
        assert!(y.is_valid() && x.is_valid(), "invalid window");
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
            y.never_empty() && x.never_empty(),
            "a window lies in the padding"
        );
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            y: axes!(L::PARAMS).0,
            x: axes!(L::PARAMS).1,
            channels: L::PARAMS.input[2],
            clamp: L::PARAMS.clamp,
        }
    };
    // SAFETY: regions and shapes were checked against each other.
    unsafe { run::<F>(base, frozen(task)) }
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run<F: Fold>(arena: *mut i8, task: &Task) {
    let (y, x, channels) = (&task.y, &task.x, task.channels);
    let column = x.dilation * channels;
    let row = y.dilation * x.len * channels;
    let [low, high] = task.clamp.map(i32::from);
    // SAFETY: the regions lie in the arena and have the shapes' sizes; every address below is that of an
    // element of the shapes, and outputs are written in order.
    unsafe {
        let input = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        for oy in 0..y.out {
            rolled();
            let (top, bottom) = y.taps(oy);
            for ox in 0..x.out {
                rolled();
                let (left, right) = x.taps(ox);
                let mut corner = input.add((y.at(oy, top) * x.len + x.at(ox, left)) * channels);
                for _ in 0..channels {
                    rolled();
                    let mut acc = F::START;
                    let mut taps = corner;
                    for _ in top..bottom {
                        rolled();
                        let mut tap = taps;
                        for _ in left..right {
                            rolled();
                            acc = F::tap(acc, i32::from(*tap));
                            tap = tap.wrapping_add(column);
                        }
                        taps = taps.wrapping_add(row);
                    }
                    let result = F::finish(acc, (bottom - top) * (right - left));
                    *output = result.min(high).max(low) as i8;
                    output = output.add(1);
                    corner = corner.add(1);
                }
            }
        }
    }
}
