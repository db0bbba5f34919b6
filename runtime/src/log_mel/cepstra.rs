//! Rows of levels as cepstral coefficients (MFCC): a cosine transform of each row, the low ones alone.
//!
//! Coefficient 0 is the mean of a row's levels. Coefficient `k` is `2/bands · Σ level_b · cos(πk(b + ½)/bands)`,
//! liftered, so that all of them are about as large, as a distance from 128. All are bytes.
//!
//! Sources: S. B. Davis, P. Mermelstein, *Comparison of parametric representations for monosyllabic word
//! recognition* (1980); the lifter of S. Young et al., *The HTK book*, 5.3.

use super::{LogMel, any, offset, shifted};
use crate::kernels::{rolled, unknown};

/// Bits behind the point of the factors.
pub const SHIFT: u32 = 12;

impl<const FRAME: usize, const LEVELS: usize> LogMel<FRAME, LEVELS> {
    /// Writes the coefficients of the rows for the network, the oldest first: `factors` has a row of `bands` for
    /// each coefficient, in 1/2¹². `values` and `range` are as of [`write`](Self::write).
    #[inline(never)]
    pub fn write_cepstra(
        &self,
        bands: usize,
        factors: &[i16],
        values: &[i8; 256],
        range: Option<u8>,
        input: &mut [i8],
    ) {
        // As in `write`.
        let offset = offset(self.loudest(), any(range));
        let bands = unknown(bands).max(1);
        let factors = factors.get(..unknown(factors.len())).unwrap_or_default();
        let newer = self.levels.get(..self.next).unwrap_or_default();
        let older = self.levels.get(self.next..).unwrap_or_default();
        let mut places = input.iter_mut();
        for rows in [older, newer] {
            for row in rows.chunks_exact(bands) {
                // The mean is no distance.
                let mut middle = 0;
                for factors in factors.chunks_exact(bands) {
                    let coefficient = middle + coefficient(row, offset, factors);
                    if let Some(place) = places.next() {
                        *place = values[usize::from(coefficient.clamp(0, 255) as u8)];
                    }
                    middle = 128;
                }
            }
        }
    }
}

/// The product of a row of levels, each with its window's offset, and factors, rounded to the nearest.
#[inline(never)]
pub fn coefficient(row: &[u8], offset: i32, factors: &[i16]) -> i32 {
    let mut sum = 1 << (SHIFT - 1);
    for (level, factor) in row.iter().zip(factors) {
        rolled();
        sum += i32::from(shifted(*level, offset)) * i32::from(*factor);
    }
    sum >> SHIFT
}
