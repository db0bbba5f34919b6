//! Streams of int4 weights: a record is that of int8 weights, but for its words of four weights. Two that
//! follow each other are one word: the first one's nibbles are the upper halves of its bytes, the second
//! one's the lower halves; where their number is odd, the last lower halves are zero.
//!
//! So a word is unpacked by `w & HIGH` and `(w << 4) & HIGH`, to what the kernels of int8 weights read.

use super::stream::Stream;
use super::{FILTERS, ROWS, factor_words, of_conv2d, of_dense, rows_in_record};
use crate::isa::TARGET;
use crate::params::{Conv2dParams, DenseParams};
use crate::scratch::Isa;

/// The upper halves of a word's bytes.
pub(crate) const HIGH: i32 = 0xf0f0_f0f0_u32 as i32;

/// Words of a record of `rows` filters of `taps` weights.
const fn record_words_s4(isa: Isa, rows: usize, taps: usize) -> usize {
    // Saturating, as for int8.
    taps.div_ceil(4)
        .saturating_mul(rows)
        .div_ceil(2)
        .saturating_add(rows + factor_words(isa, rows))
}

/// Words of the records, of `group` filters each, of `rows` filters of `taps` weights.
pub const fn matrix_words_s4(isa: Isa, group: usize, rows: usize, taps: usize) -> usize {
    let whole = (rows / group).saturating_mul(record_words_s4(isa, group, taps));
    match rows % group {
        0 => whole,
        rest => {
            let rest = rows_in_record(isa, group, rest);
            whole.saturating_add(record_words_s4(isa, rest, taps))
        }
    }
}

/// Words of the stream of a convolution with int4 weights.
pub const fn conv2d_s4_words(params: &Conv2dParams<'_>) -> usize {
    let taps = params.kernel[0] * params.kernel[1] * params.input[2];
    matrix_words_s4(TARGET, FILTERS, params.output[2], taps)
}

/// Words of the stream of a fully connected layer with int4 weights.
pub const fn dense_s4_words(params: &DenseParams<'_>) -> usize {
    matrix_words_s4(TARGET, ROWS, params.outputs, params.inputs)
}

/// The stream of a convolution with int4 weights; `N` is [`conv2d_s4_words`], anything else does not compile,
/// nor do weights that are no multiples of 16.
pub const fn conv2d_s4<const N: usize>(params: &Conv2dParams<'_>) -> [i32; N] {
    of_conv2d(Stream::halved(), params)
}

/// The stream of a fully connected layer with int4 weights; `N` is [`dense_s4_words`], anything else does not
/// compile, nor do weights that are no multiples of 16.
pub const fn dense_s4<const N: usize>(params: &DenseParams<'_>) -> [i32; N] {
    of_dense(Stream::halved(), params)
}
