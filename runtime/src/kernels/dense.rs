//! Fully connected layer: a few rows of weights at a time ([`isa::ROWS`]), so that one load of the input
//! serves several outputs. The last group of rows overlaps the one before if rows do not divide.

use core::marker::PhantomData;

use super::requant::{Requant, accumulator_bits};
use super::{least, opaque, rolled, unary};
use crate::arena::Memory;
use crate::isa::dense as isa;
use crate::layer::Dense;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn dense_s8<L: Dense>(arena: &mut impl Memory) {
    layer::<L>(unary::<L, _>(arena));
}

/// The rows of a weight matrix.
pub(crate) trait Rows {
    /// Bytes of a row.
    const LEN: usize;
    /// Bytes from a row to the next of its group.
    const STEP: usize;
    /// Rows in all; a group's rows beyond that are the last one again.
    const ROWS: usize;
}

/// The rows of a layer, and everything else that is constant in it.
pub(crate) struct Shape<L>(PhantomData<L>);

impl<L: Dense> Rows for Shape<L> {
    const LEN: usize = L::PARAMS.inputs;
    const STEP: usize = L::PARAMS.inputs;
    const ROWS: usize = L::PARAMS.outputs;
}

impl<L: Dense> Shape<L> {
    const PER_CHANNEL: bool = L::PARAMS.mantissas.len() > 1;
    const REQUANT: Requant = {
        let p = L::PARAMS;
        let bits = accumulator_bits(p.inputs, p.bias);
        Requant::new(
            p.rounding,
            p.output_zero,
            p.clamp,
            bits,
            (p.mantissas, p.exponents),
        )
    };
    const VALID: () = {
        let p = L::PARAMS;
        assert!(p.inputs > 0 && p.outputs > 0, "empty layer");
        assert!(L::INPUT.len == p.inputs, "input region and inputs differ");
        assert!(
            L::OUTPUT.len == p.outputs,
            "output region and outputs differ"
        );
        assert!(
            p.weights.len() == p.inputs * p.outputs,
            "weights and shape differ"
        );
        assert!(p.bias.len() == p.outputs, "one bias per output");
        assert!(
            p.mantissas.len() == 1 || p.mantissas.len() == p.outputs,
            "one mantissa, or one per output"
        );
        assert!(
            p.exponents.len() == p.mantissas.len(),
            "as many exponents as mantissas"
        );
    };
}

#[inline(never)]
fn layer<L: Dense>(arena: *mut i8) {
    const { Shape::<L>::VALID };
    let params = L::PARAMS;
    // SAFETY: `unary` checked that both regions are inside the arena.
    let (input, output) = unsafe { (arena.add(L::INPUT.offset), arena.add(L::OUTPUT.offset)) };
    let last = params.outputs - 1;
    let mut next = 0;
    while next < opaque(params.outputs) {
        rolled();
        let first = least(next, params.outputs - least(params.outputs, isa::ROWS));
        let bias: [i32; isa::ROWS] = core::array::from_fn(|k| {
            // SAFETY: VALID: `last + 1` biases.
            unsafe { *params.bias.as_ptr().add(least(first + k, last)) }
        });
        // SAFETY: VALID: rows first..first + ROWS, or the last one again, lie in the weights; the input
        // has as many elements as a row.
        let acc = unsafe {
            let w = params.weights.as_ptr().add(first * params.inputs);
            isa::tile::<Shape<L>>(input, w, bias)
        };
        for (k, acc) in acc.into_iter().enumerate() {
            let o = least(first + k, last);
            let channel = if Shape::<L>::PER_CHANNEL { o } else { 0 };
            // SAFETY: VALID: `channel` is below the number of mantissas and exponents, `o` below outputs.
            unsafe {
                let mantissa = *params.mantissas.as_ptr().add(channel);
                let exponent = *params.exponents.as_ptr().add(channel);
                let requant = Shape::<L>::REQUANT;
                *output.add(o) = requant.finish(acc, requant.channel(mantissa, exponent));
            }
        }
        next += isa::ROWS;
    }
}
