//! Bilinear resizing, pixel by pixel: four weights, then all channels. One function for every layer of a model,
//! as in [`super::conv2d`].

use super::{frozen, rolled, unary};
use crate::arena::Memory;
use crate::layer::ResizeBilinear;
use crate::params::{BILINEAR_BITS, ResizeBilinearParams, between, rounded};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn resize_bilinear_s8<L: ResizeBilinear>(arena: &mut impl Memory) {
    const {
        let p = L::PARAMS;
        assert!(
            L::INPUT.len == p.input[0] * p.input[1] * p.input[2],
            "input region and shape differ"
        );
        assert!(
            L::OUTPUT.len == p.size[0] * p.size[1] * p.input[2] && L::OUTPUT.len > 0,
            "output region and shape differ"
        );
        let mut axis = 0;
        while axis < 2 {
            let last = p.start[axis] as i64 + (p.size[axis] as i64 - 1) * p.step[axis] as i64;
            assert!(
                p.step[axis] >= 0 && p.start[axis] > -(1 << 30) && last < 1 << 30,
                "positions are too far"
            );
            assert!(p.input[axis] < 1 << 20, "the input is too large");
            axis += 1;
        }
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            params: L::PARAMS,
        }
    };
    // SAFETY: regions and shapes were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    params: ResizeBilinearParams,
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let p = &task.params;
    let [height, width, channels] = p.input;
    let one = 1 << BILINEAR_BITS;
    // SAFETY: the regions lie in the arena; rows and columns lie in the input.
    unsafe {
        let input = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        let mut y = p.start[0];
        for _ in 0..p.size[0] {
            rolled();
            let (rows, down) = between(y, height);
            let [above, below] = rows.map(|row| input.add(row * width * channels));
            let mut x = p.start[1];
            for _ in 0..p.size[1] {
                rolled();
                let (columns, right) = between(x, width);
                let weights = [
                    (one - down) * (one - right),
                    (one - down) * right,
                    down * (one - right),
                    down * right,
                ];
                let [left, right] = columns.map(|column| column * channels);
                let mut taps = [
                    above.add(left),
                    above.add(right),
                    below.add(left),
                    below.add(right),
                ];
                for _ in 0..channels {
                    rolled();
                    let mut sum = i32::from(*taps[0]) * weights[0];
                    for k in 1..4 {
                        sum += i32::from(*taps[k]) * weights[k];
                    }
                    taps = taps.map(|tap| tap.wrapping_add(1));
                    *output = rounded(sum);
                    output = output.add(1);
                }
                x += p.step[1];
            }
            y += p.step[0];
        }
    }
}
