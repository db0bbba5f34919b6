//! Depthwise 2-D convolution: pixel by pixel, channel by channel, over the taps that are not padding. One
//! function for every layer of a model, as in [`crate::kernels::conv2d`].

use super::{Channels, Finish, holds, per_channel};
use crate::arena::Memory;
use crate::kernels::sliding::{Axis, axes};
use crate::kernels::{elements, frozen, rolled, unary};
use crate::layer::DepthwiseConv2dS16;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn depthwise_conv2d_s16<L: DepthwiseConv2dS16>(arena: &mut impl Memory) {
    const {
        let p = L::PARAMS;
        let (y, x) = axes!(p);
        assert!(y.is_valid() && x.is_valid(), "invalid window");
        assert!(p.input[2] > 0, "no input channels");
        assert!(
            p.output[2].is_multiple_of(p.input[2]),
            "output channels are no multiple of the input's"
        );
        per_channel(p.output[2], p.bias, p.mantissas, p.exponents);
        assert!(
            p.weights.len() == p.kernel[0] * p.kernel[1] * p.output[2],
            "weights and shape differ"
        );
        holds(L::INPUT, elements(p.input));
        holds(L::OUTPUT, elements(p.output));
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const {
        let p = L::PARAMS;
        let (y, x) = axes!(p);
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            y,
            x,
            channels: p.input[2],
            multiplier: p.output[2] / p.input[2],
            constants: Channels::new(p.weights, p.bias, p.mantissas, p.exponents),
            finish: Finish {
                sums: p.sums,
                clamp: p.clamp,
            },
        }
    };
    // SAFETY: regions, shapes and constants were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(in crate::kernels) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    y: Axis,
    x: Axis,
    channels: usize,
    /// Output channels per input channel.
    multiplier: usize,
    constants: Channels,
    finish: Finish,
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let (y, x, channels) = (&task.y, &task.x, task.channels);
    let constants = &task.constants;
    let outputs = channels * task.multiplier;
    // Elements from tap to tap, in the input and in the weights.
    let column = x.dilation * channels;
    let row = y.dilation * x.len * channels;
    let weight_row = x.kernel * outputs;
    // SAFETY: the regions lie in the arena, are aligned and have the shapes' sizes; every address below
    // that is read or written is that of an element of the shapes, and outputs are written in order.
    unsafe {
        let input: *const i16 = arena.add(task.input).cast_const().cast();
        let mut output: *mut i16 = arena.add(task.output).cast();
        for oy in 0..y.out {
            rolled();
            let (top, bottom) = y.taps(oy);
            for ox in 0..x.out {
                rolled();
                let (left, right) = x.taps(ox);
                let corner = y
                    .at(oy, top)
                    .wrapping_mul(x.len)
                    .wrapping_add(x.at(ox, left));
                let mut corner = input.wrapping_add(corner.wrapping_mul(channels));
                let first = constants
                    .weights
                    .wrapping_add((top * x.kernel + left) * outputs);
                let mut o = 0;
                for _ in 0..channels {
                    rolled();
                    for _ in 0..task.multiplier {
                        rolled();
                        let mut sum = *constants.bias.add(o);
                        let (mut taps, mut weights) = (corner, first.wrapping_add(o));
                        for _ in top..bottom {
                            rolled();
                            let (mut tap, mut weight) = (taps, weights);
                            for _ in left..right {
                                rolled();
                                // 8 by 16 bits: the product fits 32.
                                let product = i32::from(*weight) * i32::from(*tap);
                                sum = sum.wrapping_add(i64::from(product));
                                tap = tap.wrapping_add(column);
                                weight = weight.wrapping_add(outputs);
                            }
                            taps = taps.wrapping_add(row);
                            weights = weights.wrapping_add(weight_row);
                        }
                        *output = task.finish.apply(sum, constants.scale(o));
                        output = output.add(1);
                        o += 1;
                    }
                    corner = corner.wrapping_add(1);
                }
            }
        }
    }
}
