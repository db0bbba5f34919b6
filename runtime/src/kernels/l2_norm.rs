//! Rows divided by their Euclidean length: a sum of squares, one 1/√, and a product per element. One function
//! for every layer of a model, as in [`super::conv2d`].

use super::{frozen, rolled, unary};
use crate::arena::Memory;
use crate::fixed_point::inverse_sqrt;
use crate::layer::L2Norm;
use crate::requant::{Rounding, Scale, requantize};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn l2_norm_s8<L: L2Norm>(arena: &mut impl Memory) {
    const {
        let elements = L::PARAMS.rows * L::PARAMS.len;
        assert!(elements > 0, "empty layer");
        assert!(L::PARAMS.len <= 1 << 15, "sums of squares may overflow");
        assert!(L::INPUT.len == elements, "input region and length differ");
        assert!(L::OUTPUT.len == elements, "output region and length differ");
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            rows: L::PARAMS.rows,
            len: L::PARAMS.len,
            zero: L::PARAMS.input_zero as i32,
        }
    };
    // SAFETY: regions and length were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    rows: usize,
    len: usize,
    zero: i32,
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let (len, zero) = (task.len, task.zero);
    // SAFETY: both regions have rows · len elements.
    unsafe {
        let mut input = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        for _ in 0..task.rows {
            rolled();
            let mut sum = 0i32;
            for i in 0..len {
                rolled();
                let x = i32::from(*input.add(i)) - zero;
                sum = sum.wrapping_add(x.wrapping_mul(x));
            }
            let (mantissa, exponent) = inverse_sqrt(sum);
            let exponent = (exponent + 7) as i8;
            let scale = Scale { mantissa, exponent };
            for _ in 0..len {
                rolled();
                let y = requantize(i32::from(*input) - zero, scale, Rounding::TfLite);
                let y = if y > 127 { 127 } else { y };
                *output = (if y < -128 { -128 } else { y }) as i8;
                (input, output) = (input.add(1), output.add(1));
            }
        }
    }
}
