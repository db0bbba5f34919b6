//! A stream under construction.

use super::{HIGH, is_long};
use crate::isa::TARGET;
use crate::kernels::requant::{Method, Requant};

/// From accumulator to output, per channel or one for all.
pub(super) struct Factors<'a> {
    pub(super) requant: Requant,
    pub(super) mantissas: &'a [i32],
    pub(super) exponents: &'a [i8],
}

/// A stream under construction.
pub(super) struct Stream<const N: usize> {
    words: [i32; N],
    len: usize,
    /// Whether two words of weights become one, and whether the last one has room for another.
    halved: bool,
    open: bool,
}

impl<const N: usize> Stream<N> {
    pub(super) const fn new() -> Self {
        Self {
            words: [0; N],
            len: 0,
            halved: false,
            open: false,
        }
    }

    /// A stream of int4 weights.
    pub(super) const fn halved() -> Self {
        Self {
            halved: true,
            ..Self::new()
        }
    }

    /// Appends four weights.
    pub(super) const fn weights(&mut self, w: [i8; 4]) {
        let word = word(w);
        if !self.halved {
            self.push(word);
            return;
        }
        assert!(word & !HIGH == 0, "int4 weights are multiples of 16");
        if self.open {
            self.words[self.len - 1] |= (word >> 4) & !HIGH;
        } else {
            self.push(word);
        }
        self.open = !self.open;
    }

    /// Ends the weights of a record.
    pub(super) const fn end_weights(&mut self) {
        self.open = false;
    }

    pub(super) const fn push(&mut self, word: i32) {
        self.words[self.len] = word;
        self.len += 1;
    }

    pub(super) const fn factors(&mut self, factors: &Factors<'_>, first: usize, count: usize) {
        let mut k = first;
        if is_long(TARGET) {
            while k < first + count {
                self.push(factors.channel(k).0);
                k += 1;
            }
            let mut k = 0;
            while k < count {
                let mut bytes = [0; 4];
                let mut i = 0;
                while i < 4 && k < count {
                    bytes[i] = factors.negated(first + k);
                    (i, k) = (i + 1, k + 1);
                }
                self.push(word(bytes));
            }
            return;
        }
        while k < first + count {
            let [(m0, s0), (m1, s1)] = [factors.channel(k), factors.channel(k + 1)];
            self.push(m0);
            self.push(i32::from_le_bytes([s0[0], s0[1], s1[0], s1[1]]));
            self.push(m1);
            k += 2;
        }
    }

    /// Appends the factors of a record of one channel, as a pair's first.
    pub(super) const fn factor(&mut self, factors: &Factors<'_>, index: usize) {
        let (mantissa, [shift, addend]) = factors.channel(index);
        self.push(mantissa);
        self.push(if is_long(TARGET) {
            word([factors.negated(index), 0, 0, 0])
        } else {
            i32::from_le_bytes([shift, addend, 0, 0])
        });
    }

    pub(super) const fn finish(self) -> [i32; N] {
        assert!(
            self.len == N,
            "the stream's length is not that of the layer"
        );
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

    /// The shift of a short form, negated, or the exponent.
    const fn negated(&self, index: usize) -> i8 {
        let [shift, _] = self.channel(index).1;
        match self.requant.method {
            Method::General => shift as i8,
            Method::Single { .. } | Method::TfLite => -(shift as i8),
        }
    }
}

/// Four weights, the first in the lowest byte.
pub(super) const fn word(w: [i8; 4]) -> i32 {
    i32::from_le_bytes([w[0] as u8, w[1] as u8, w[2] as u8, w[3] as u8])
}

/// Two weights as half-words.
pub(super) const fn pair(low: i8, high: i8) -> i32 {
    (low as i16 as u16 as i32) | ((high as i32) << 16)
}
