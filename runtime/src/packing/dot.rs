//! The stream of dot products.

use super::stream::{Factors, Stream};
use crate::kernels::requant::{Form, Requant};
use crate::params::DotParams;

/// Words of the record of one output: bias, mantissa, shifts, weights in the order of taps.
pub const fn dot_record_words(taps: usize) -> usize {
    3 + taps.div_ceil(4)
}

/// Words of the stream.
pub const fn dot_words(params: &DotParams<'_>) -> usize {
    params.outputs * dot_record_words(params.taps)
}

/// How the outputs are finished.
pub const fn dot_form(params: &DotParams<'_>) -> Form {
    Requant::of_dot(params).form()
}

/// The stream; `N` is [`dot_words`], anything else does not compile.
pub const fn dot<const N: usize>(params: &DotParams<'_>) -> [i32; N] {
    let factors = Factors {
        requant: Requant::of_dot(params),
        mantissas: params.mantissas,
        exponents: params.exponents,
    };
    let mut stream = Stream::new();
    let mut o = 0;
    while o < params.outputs {
        stream.push(params.bias[o]);
        stream.factor(&factors, o);
        let mut t = 0;
        while t < params.taps {
            let mut word = [0; 4];
            let mut k = 0;
            while k < 4 && t < params.taps {
                word[k] = params.weights[o * params.w.output + t * params.w.tap];
                (k, t) = (k + 1, t + 1);
            }
            stream.weights(word);
        }
        o += 1;
    }
    stream.finish()
}
