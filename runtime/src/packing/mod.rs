//! Weights and constants of a layer as one stream of words, in the order in which the kernels read them.
//!
//! A model keeps its weights in the natural layout; its crate packs them when it is compiled, for the
//! instruction set it is compiled for. One pointer then reads everything, and nothing is derived twice.
//!
//! * A convolution has one record per [`FILTERS`] filters, a fully connected layer one per [`ROWS`] rows:
//!   biases; weights in blocks of [`LANES`] taps (the first filter's block, the second's, …; zeros fill
//!   the last block's words and the filters that do not exist); then per pair of filters the first
//!   mantissa, the pair's shifts, the second mantissa.
//! * A transposed convolution has the records of a convolution per phase.
//! * A depthwise convolution has one record per [`CHANNELS`] channels: biases, per tap a word of four
//!   weights (on cores with DSP instructions two words of half-words, channels 0, 2, 1, 3), mantissas and
//!   shifts as above.
//! * Dot products have one record per output: bias, mantissa, shifts, weights (`dot`).
//!
//! The shifts of a pair are four bytes: shift and addend shift of the first, of the second.
//!
//! On cores with Helium records have four filters, and the last one as many as are left; a block is a
//! whole filter, in a record of four in the order 0, 2, 1, 3; after the weights come the mantissas, then
//! per filter a byte, the shift negated (of a layer without a short form the exponent).
//!
//! Of int4 weights two words of a record become one (`int4`); they are unpacked before they are read.

mod dot;
mod int4;
mod stream;
mod transpose_conv2d;

use crate::isa::TARGET;
use crate::kernels::requant::{Form, Requant};
use crate::params::{Conv2dParams, DenseParams, DepthwiseConv2dParams};
pub use crate::scratch::{CHANNELS, Isa};
pub use dot::{dot, dot_form, dot_record_words, dot_words};
pub(crate) use int4::HIGH;
pub use int4::{conv2d_s4, conv2d_s4_words, dense_s4, dense_s4_words, matrix_words_s4};
use stream::{Factors, Stream, pair, word};
pub use transpose_conv2d::{transpose_conv2d, transpose_conv2d_form, transpose_conv2d_words};

/// Filters of a convolution in one record.
pub const FILTERS: usize = filters(TARGET);

/// Rows of a fully connected layer in one record.
pub const ROWS: usize = 4;

/// Taps that follow each other in a block.
pub const LANES: usize = if is_long(TARGET) { 1 << 30 } else { 4 };

/// Taps that the innermost sums take at once.
pub(crate) const BLOCK: usize = if is_long(TARGET) { 16 } else { 4 };

/// Filters of a convolution in one record.
pub const fn filters(isa: Isa) -> usize {
    if is_long(isa) { 4 } else { 2 }
}

/// Whether blocks are whole filters, and the last record has no filters that do not exist.
const fn is_long(isa: Isa) -> bool {
    matches!(isa, Isa::Mve)
}

/// What the patches of a convolution add to every tap; the packed biases have its product with the weights
/// less.
const OFFSET: i32 = if matches!(TARGET, Isa::Thumb1) {
    128
} else {
    0
};

/// Whether a depthwise convolution's weights are half-words: (0, 2) and (1, 3) of four channels.
const WIDE: bool = is_wide(TARGET);

const fn is_wide(isa: Isa) -> bool {
    matches!(isa, Isa::Dsp)
}

/// Words of a record of `rows` filters of `taps` weights.
pub const fn record_words(isa: Isa, rows: usize, taps: usize) -> usize {
    // Saturating, because the host prices shapes that nobody will build.
    (taps / 4 + 1 + (!taps.is_multiple_of(4)) as usize)
        .saturating_mul(rows)
        .saturating_add(factor_words(isa, rows))
}

/// Words of the factors at the end of a record of `rows` filters.
pub const fn factor_words(isa: Isa, rows: usize) -> usize {
    if is_long(isa) {
        rows + rows.div_ceil(4)
    } else {
        rows / 2 * 3
    }
}

/// Words of the records, of `group` filters each, of `rows` filters of `taps` weights.
pub const fn matrix_words(isa: Isa, group: usize, rows: usize, taps: usize) -> usize {
    let whole = (rows / group).saturating_mul(record_words(isa, group, taps));
    let rest = rows % group;
    if rest == 0 {
        whole
    } else {
        whole.saturating_add(record_words(isa, rows_in_record(isa, group, rest), taps))
    }
}

/// Filters in the next record of `group` at most, if `left` are left; with those that do not exist.
pub(crate) const fn rows_in_record(isa: Isa, group: usize, left: usize) -> usize {
    if is_long(isa) && left < group {
        left
    } else {
        group
    }
}

/// Words of a convolution's stream.
pub const fn conv2d_words(params: &Conv2dParams<'_>) -> usize {
    let taps = params.kernel[0] * params.kernel[1] * params.input[2];
    matrix_words(TARGET, FILTERS, params.output[2], taps)
}

/// Words of a fully connected layer's stream.
pub const fn dense_words(params: &DenseParams<'_>) -> usize {
    matrix_words(TARGET, ROWS, params.outputs, params.inputs)
}

/// Words of a depthwise convolution's record.
pub const fn depthwise_record_words(isa: Isa, taps: usize) -> usize {
    let words = if is_wide(isa) {
        taps.saturating_mul(2)
    } else {
        taps
    };
    words.saturating_add(CHANNELS + factor_words(isa, CHANNELS))
}

/// Words of a depthwise convolution's stream.
pub const fn depthwise_conv2d_words(params: &DepthwiseConv2dParams<'_>) -> usize {
    let taps = params.kernel[0] * params.kernel[1];
    params.output[2].div_ceil(CHANNELS) * depthwise_record_words(TARGET, taps)
}

/// How the outputs of a convolution are finished.
pub const fn conv2d_form(params: &Conv2dParams<'_>) -> Form {
    Requant::of_conv2d(params).form()
}

/// How the outputs of a depthwise convolution are finished.
pub const fn depthwise_conv2d_form(params: &DepthwiseConv2dParams<'_>) -> Form {
    Requant::of_depthwise_conv2d(params).form()
}

/// How the outputs of a fully connected layer are finished.
pub const fn dense_form(params: &DenseParams<'_>) -> Form {
    Requant::of_dense(params).form()
}

/// The stream of a convolution; `N` is [`conv2d_words`], anything else does not compile.
pub const fn conv2d<const N: usize>(params: &Conv2dParams<'_>) -> [i32; N] {
    of_conv2d(Stream::new(), params)
}

/// The stream of a fully connected layer; `N` is [`dense_words`], anything else does not compile.
pub const fn dense<const N: usize>(params: &DenseParams<'_>) -> [i32; N] {
    of_dense(Stream::new(), params)
}

/// Fills the stream of a convolution.
const fn of_conv2d<const N: usize>(mut stream: Stream<N>, params: &Conv2dParams<'_>) -> [i32; N] {
    let taps = params.kernel[0] * params.kernel[1] * params.input[2];
    let factors = Factors {
        requant: Requant::of_conv2d(params),
        mantissas: params.mantissas,
        exponents: params.exponents,
    };
    let shape = [FILTERS, params.output[2], taps];
    let (weights, bias) = (params.weights, params.bias);
    push_matrix(&mut stream, shape, weights, bias, &factors, OFFSET);
    stream.finish()
}

/// Fills the stream of a fully connected layer.
const fn of_dense<const N: usize>(mut stream: Stream<N>, params: &DenseParams<'_>) -> [i32; N] {
    let factors = Factors {
        requant: Requant::of_dense(params),
        mantissas: params.mantissas,
        exponents: params.exponents,
    };
    let shape = [ROWS, params.outputs, params.inputs];
    let (weights, bias) = (params.weights, params.bias);
    push_matrix(&mut stream, shape, weights, bias, &factors, 0);
    stream.finish()
}

/// The stream of a depthwise convolution; `N` is [`depthwise_conv2d_words`], anything else does not
/// compile.
pub const fn depthwise_conv2d<const N: usize>(params: &DepthwiseConv2dParams<'_>) -> [i32; N] {
    let channels = params.output[2];
    let taps = params.kernel[0] * params.kernel[1];
    let factors = Factors {
        requant: Requant::of_depthwise_conv2d(params),
        mantissas: params.mantissas,
        exponents: params.exponents,
    };
    let mut stream = Stream::new();
    let mut first = 0;
    while first < channels {
        let mut k = first;
        while k < first + CHANNELS {
            stream.push(if k < channels { params.bias[k] } else { 0 });
            k += 1;
        }
        let mut tap = 0;
        while tap < taps {
            let mut w = [0; CHANNELS];
            let mut k = 0;
            while k < CHANNELS && first + k < channels {
                w[k] = params.weights[tap * channels + first + k];
                k += 1;
            }
            if WIDE {
                stream.push(pair(w[0], w[2]));
                stream.push(pair(w[1], w[3]));
            } else {
                stream.push(word(w));
            }
            tap += 1;
        }
        stream.factors(&factors, first, CHANNELS);
        first += CHANNELS;
    }
    stream.finish()
}

/// Appends the records of `[rows per record, rows, columns]` weights, for inputs that are `offset` too large.
const fn push_matrix<const N: usize>(
    stream: &mut Stream<N>,
    [group, rows, columns]: [usize; 3],
    weights: &[i8],
    bias: &[i32],
    factors: &Factors<'_>,
    offset: i32,
) {
    let mut first = 0;
    while first < rows {
        let group = rows_in_record(TARGET, group, rows - first);
        let mut row = first;
        while row < first + group {
            let mut bias = if row < rows { bias[row] } else { 0 };
            let mut at = 0;
            while at < columns && row < rows && offset != 0 {
                let product = weights[row * columns + at] as i32 * offset;
                bias = bias.wrapping_sub(product);
                at += 1;
            }
            stream.push(bias);
            row += 1;
        }
        let mut block = 0;
        while block < columns {
            let end = if block + LANES < columns {
                block + LANES
            } else {
                columns
            };
            let mut k = 0;
            while k < group {
                let row = first
                    + if is_long(TARGET) {
                        swapped(k, group)
                    } else {
                        k
                    };
                let mut at = block;
                while at < end {
                    let mut w = [0; 4];
                    let mut i = 0;
                    while i < 4 && at + i < end && row < rows {
                        w[i] = weights[row * columns + at + i];
                        i += 1;
                    }
                    stream.weights(w);
                    at += 4;
                }
                k += 1;
            }
            block += LANES;
        }
        stream.end_weights();
        stream.factors(factors, first, group);
        first += group;
    }
}

/// Where in a record of `group` filters on cores with Helium the weights of filter `k` are, and back.
pub(crate) const fn swapped(k: usize, group: usize) -> usize {
    if group == 4 { k / 2 + k % 2 * 2 } else { k }
}
