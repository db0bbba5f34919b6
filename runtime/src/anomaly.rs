//! How far a rebuilt sample is from the sample itself: the anomaly score of an autoencoder, in integers.
//!
//! With q and z the value and the zero point of an element on the input's and the output's side, and m a
//! side's scale as a share of the coarser of both scales (2¹⁵ is all of it, rounded to the nearest):
//!
//! * d = | (q_in − z_in) · m_in − (q_out − z_out) · m_out |, below 2²⁴;
//! * e = ⌊(d + 2⁷) / 2⁸⌋, the difference in 128ths of a step of the coarser scale, below 2¹⁶;
//! * score = ⌊Σ e² / 2^shift⌋, where 2^shift is no less than the number of elements, so that it fits 32 bits.
//!
//! So a score is a mean of squares up to a constant factor. Nothing divides, and nothing can overflow. An e is
//! off by at most 1.5: half by its own rounding, two times a half by the multipliers'.

/// Bits behind the point of a multiplier.
pub const MULTIPLIER_BITS: u32 = 15;
/// Bits behind the point of a difference.
pub const DIFFERENCE_BITS: u32 = 7;

/// One side of the comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Side {
    /// The value that stands for real zero.
    pub zero_point: i8,
    /// Its scale in 2⁻¹⁵ of the coarser one; at most 2¹⁵.
    pub multiplier: u16,
}

/// How a sample and what was made of it are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// The sample.
    pub input: Side,
    /// What the network made of it.
    pub output: Side,
    /// Bits that the sum of squares loses: at least the logarithm of the number of elements.
    pub shift: u32,
}

impl Side {
    const fn value(self, q: i8) -> i32 {
        (q as i32 - self.zero_point as i32) * self.multiplier as i32
    }
}

impl Comparison {
    /// The score of a sample: 0 for one that was rebuilt exactly. Elements without a counterpart do not count.
    #[must_use]
    pub fn score(&self, input: &[i8], output: &[i8]) -> u32 {
        let mut sum = 0u64;
        for (&input, &output) in input.iter().zip(output) {
            let difference = (self.input.value(input) - self.output.value(output)).unsigned_abs();
            let rounding = MULTIPLIER_BITS - DIFFERENCE_BITS;
            let steps = (difference + (1 << (rounding - 1))) >> rounding;
            sum = sum.wrapping_add(u64::from(steps.wrapping_mul(steps)));
        }
        sum.wrapping_shr(self.shift) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAME: Comparison = Comparison {
        input: Side {
            zero_point: -3,
            multiplier: 1 << 15,
        },
        output: Side {
            zero_point: 5,
            multiplier: 1 << 14,
        },
        shift: 0,
    };

    #[test]
    fn a_score_is_a_sum_of_squares() {
        // Real values in steps of the coarser scale: 7 and 3.5, 0 and -2; so (3.5² + 2²) · 128².
        assert_eq!(
            SAME.score(&[4, -3], &[12, 1]),
            (1225 + 400) * 128 * 128 / 100
        );
        assert_eq!(SAME.score(&[0, 1], &[11, 13]), 0);
    }

    #[test]
    fn the_largest_difference_fits() {
        let side = |zero_point| Side {
            zero_point,
            multiplier: 1 << 15,
        };
        let comparison = Comparison {
            input: side(-128),
            output: side(127),
            shift: 6,
        };
        let score = comparison.score(&[127; 64], &[-128; 64]);
        assert_eq!(score, 65_280 * 65_280);
    }
}
