//! Average pooling of the raw values, half away from zero.

use super::multiply::DIVISION;
use super::pool2d::{Fold, pool};
use super::rolled;
use crate::arena::Memory;
use crate::layer::Pool2d;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn average_pool2d_s8<L: Pool2d>(arena: &mut impl Memory) {
    pool::<L, Average>(arena);
}

struct Average;

impl Fold for Average {
    const START: i32 = 0;

    #[inline(always)]
    fn tap(acc: i32, x: i32) -> i32 {
        acc + x
    }

    #[inline(always)]
    fn finish(acc: i32, count: usize) -> i32 {
        rounded_mean(acc, count)
    }
}

/// The mean of `count` values, at least one, half away from zero.
#[inline(always)]
pub(super) fn rounded_mean(sum: i32, count: usize) -> i32 {
    let count = count as u32;
    let mean = quotient(sum.unsigned_abs() + count / 2, count).cast_signed();
    if sum > 0 { mean } else { -mean }
}

/// A quotient of at most eight bits: a mean of i8.
#[inline(always)]
fn quotient(n: u32, d: u32) -> u32 {
    if DIVISION {
        n.checked_div(d).unwrap_or(0)
    } else {
        quotient_by_bits(n, d)
    }
}

/// As [`quotient`], where division would be a routine of 400 bytes that takes as long as its operands say.
#[inline(always)]
fn quotient_by_bits(mut n: u32, d: u32) -> u32 {
    let mut place = d << 7;
    let mut quotient = 0;
    for _ in 0..8 {
        rolled();
        quotient <<= 1;
        if n >= place {
            n -= place;
            quotient += 1;
        }
        place >>= 1;
    }
    quotient
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_mean_is_found_bit_by_bit(d in 1u32..1 << 20, mean in 0u32..=128, rest: u32) {
            let n = mean * d + rest % d;
            prop_assert_eq!(quotient_by_bits(n, d), mean);
        }
    }
}
