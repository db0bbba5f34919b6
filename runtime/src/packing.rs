//! Weights and constants of a layer as one stream of words, in the order in which the kernels read them.
//!
//! A model keeps its weights in the natural layout; its crate packs them when it is compiled, for the
//! instruction set it is compiled for. One pointer then reads everything, and nothing is derived twice.
//!
//! * A convolution has one record per [`FILTERS`] filters, a fully connected layer one per [`ROWS`] rows:
//!   biases; weights in blocks of [`LANES`] taps (the first filter's block, the second's, …; zeros fill
//!   the last block's words and the filters that do not exist); then per pair of filters the first
//!   mantissa, the pair's shifts, the second mantissa.
//! * A depthwise convolution has one record per [`CHANNELS`] channels: biases, per tap a word of four
//!   weights (on cores with DSP instructions two words of half-words, channels 0, 2, 1, 3), mantissas and shifts as above.
//!
//! The shifts of a pair are four bytes: shift and addend shift of the first, of the second.

use crate::isa::TARGET;
use crate::kernels::requant::{Form, Requant};
use crate::params::{Conv2dParams, DenseParams, DepthwiseConv2dParams};
pub use crate::scratch::{CHANNELS, Isa};

/// Filters of a convolution in one record.
pub const FILTERS: usize = 2;

/// Rows of a fully connected layer in one record.
pub const ROWS: usize = 4;

/// Taps that follow each other in a block.
pub const LANES: usize = if cfg!(all(target_arch = "arm", feature = "mve")) {
    16
} else {
    4
};

/// What the patches of a convolution add to every tap; the packed biases have its product with the weights
/// less.
const OFFSET: i32 = if matches!(TARGET, Isa::Thumb1) { 128 } else { 0 };

/// Whether a depthwise convolution's weights are half-words: (0, 2) and (1, 3) of four channels.
const WIDE: bool = is_wide(TARGET);

const fn is_wide(isa: Isa) -> bool {
    matches!(isa, Isa::Dsp)
}

/// Words of a record of `rows` filters of `taps` weights.
pub const fn record_words(rows: usize, taps: usize) -> usize {
    // Saturating, because the host prices shapes that nobody will build.
    (taps / 4 + 1 + (!taps.is_multiple_of(4)) as usize)
        .saturating_mul(rows)
        .saturating_add(rows / 2 * 3)
}

/// Words of a convolution's stream.
pub const fn conv2d_words(params: &Conv2dParams<'_>) -> usize {
    let taps = params.kernel[0] * params.kernel[1] * params.input[2];
    params.output[2].div_ceil(FILTERS) * record_words(FILTERS, taps)
}

/// Words of a fully connected layer's stream.
pub const fn dense_words(params: &DenseParams<'_>) -> usize {
    params.outputs.div_ceil(ROWS) * record_words(ROWS, params.inputs)
}

/// Words of a depthwise convolution's record.
pub const fn depthwise_record_words(isa: Isa, taps: usize) -> usize {
    let words = if is_wide(isa) { taps.saturating_mul(2) } else { taps };
    words.saturating_add(CHANNELS + CHANNELS / 2 * 3)
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
    let taps = params.kernel[0] * params.kernel[1] * params.input[2];
    let factors = Factors {
        requant: Requant::of_conv2d(params),
        mantissas: params.mantissas,
        exponents: params.exponents,
    };
    let shape = [FILTERS, params.output[2], taps];
    matrix(shape, params.weights, params.bias, factors, OFFSET)
}

/// The stream of a fully connected layer; `N` is [`dense_words`], anything else does not compile.
pub const fn dense<const N: usize>(params: &DenseParams<'_>) -> [i32; N] {
    let factors = Factors {
        requant: Requant::of_dense(params),
        mantissas: params.mantissas,
        exponents: params.exponents,
    };
    let shape = [ROWS, params.outputs, params.inputs];
    matrix(shape, params.weights, params.bias, factors, 0)
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

/// The stream of `[rows per record, rows, columns]` weights, for inputs that are `offset` too large.
const fn matrix<const N: usize>(
    [group, rows, columns]: [usize; 3],
    weights: &[i8],
    bias: &[i32],
    factors: Factors<'_>,
    offset: i32,
) -> [i32; N] {
    let mut stream = Stream::new();
    let mut first = 0;
    while first < rows {
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
            let end = if block + LANES < columns { block + LANES } else { columns };
            let mut row = first;
            while row < first + group {
                let mut at = block;
                while at < end {
                    let mut w = [0; 4];
                    let mut k = 0;
                    while k < 4 && at + k < end && row < rows {
                        w[k] = weights[row * columns + at + k];
                        k += 1;
                    }
                    stream.push(word(w));
                    at += 4;
                }
                row += 1;
            }
            block += LANES;
        }
        stream.factors(&factors, first, group);
        first += group;
    }
    stream.finish()
}

/// From accumulator to output, per channel or one for all.
struct Factors<'a> {
    requant: Requant,
    mantissas: &'a [i32],
    exponents: &'a [i8],
}

/// A stream under construction.
struct Stream<const N: usize> {
    words: [i32; N],
    len: usize,
}

impl<const N: usize> Stream<N> {
    const fn new() -> Self {
        Self {
            words: [0; N],
            len: 0,
        }
    }

    const fn push(&mut self, word: i32) {
        self.words[self.len] = word;
        self.len += 1;
    }

    const fn factors(&mut self, factors: &Factors<'_>, first: usize, count: usize) {
        let mut k = first;
        while k < first + count {
            let [(m0, s0), (m1, s1)] = [factors.channel(k), factors.channel(k + 1)];
            self.push(m0);
            self.push(i32::from_le_bytes([s0[0], s0[1], s1[0], s1[1]]));
            self.push(m1);
            k += 2;
        }
    }

    const fn finish(self) -> [i32; N] {
        assert!(self.len == N, "the stream's length is not that of the layer");
        self.words
    }
}

impl Factors<'_> {
    const fn channel(&self, index: usize) -> (i32, [u8; 2]) {
        let shared = self.mantissas.len() == 1;
        let index = if shared { 0 } else { index };
        if index >= self.mantissas.len() {
            return (0, [0, 0]);
        }
        let (mantissa, exponent) = (self.mantissas[index], self.exponents[index]);
        (mantissa, self.requant.shifts(mantissa, exponent))
    }
}

/// Four weights, the first in the lowest byte.
const fn word(w: [i8; 4]) -> i32 {
    i32::from_le_bytes([w[0] as u8, w[1] as u8, w[2] as u8, w[3] as u8])
}

/// Two weights as half-words.
const fn pair(low: i8, high: i8) -> i32 {
    (low as i16 as u16 as i32) | ((high as i32) << 16)
}
