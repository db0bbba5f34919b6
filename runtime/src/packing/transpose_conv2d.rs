//! The stream of a transposed convolution: that of a convolution per phase.

use super::stream::{Factors, Stream};
use super::{FILTERS, OFFSET, matrix_words, push_matrix};
use crate::isa::TARGET;
use crate::kernels::requant::{Form, Requant};
use crate::params::TransposeConv2dParams;

/// Words of a transposed convolution's stream.
pub const fn transpose_conv2d_words(params: &TransposeConv2dParams<'_>) -> usize {
    let (mut words, mut phase) = (0, 0);
    while phase < params.stride[0] * params.stride[1] {
        let taps = params.taps(phase / params.stride[1], phase % params.stride[1]);
        words += matrix_words(TARGET, FILTERS, params.output[2], taps);
        phase += 1;
    }
    words
}

/// How the outputs of a transposed convolution are finished.
pub const fn transpose_conv2d_form(params: &TransposeConv2dParams<'_>) -> Form {
    Requant::of_transpose_conv2d(params).form()
}

/// The stream of a transposed convolution, that of a convolution per phase; `N` is
/// [`transpose_conv2d_words`], anything else does not compile.
pub const fn transpose_conv2d<const N: usize>(params: &TransposeConv2dParams<'_>) -> [i32; N] {
    let factors = Factors {
        requant: Requant::of_transpose_conv2d(params),
        mantissas: params.mantissas,
        exponents: params.exponents,
    };
    let mut stream = Stream::new();
    let (mut weights, mut bias) = (params.weights, params.bias);
    let mut phase = 0;
    while phase < params.stride[0] * params.stride[1] {
        let taps = params.taps(phase / params.stride[1], phase % params.stride[1]);
        let shape = [FILTERS, params.output[2], taps];
        let (own, others) = weights.split_at(params.output[2] * taps);
        let (biases, rest) = bias.split_at(params.output[2]);
        push_matrix(&mut stream, shape, own, biases, &factors, OFFSET);
        (weights, bias) = (others, rest);
        phase += 1;
    }
    stream.finish()
}
