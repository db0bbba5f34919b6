//! The factors of cepstral coefficients, and the coefficients of a window on the host.

use std::f64::consts::PI;

use ember_runtime::log_mel::cepstra::{SHIFT, coefficient};

/// The lifter's length: the one of the HTK book.
const LIFTER: f64 = 22.0;
/// Fewest bands that coefficients are made of: their factors fit 16 bits.
pub const BANDS: usize = 4;
/// Most coefficients: where the lifter ends.
pub const COEFFICIENTS: usize = 21;

/// The factors of `coefficients` of rows of `bands`, as [`ember_runtime::log_mel::cepstra`] reads them.
pub fn factors(bands: usize, coefficients: usize) -> Vec<i16> {
    let one = f64::from(1 << SHIFT);
    let factor = |k: usize, band: usize| {
        let (k, bands) = (k as f64, bands as f64);
        let turn = PI * k * (band as f64 + 0.5) / bands;
        let lifter = 1.0 + LIFTER / 2.0 * (PI * k / LIFTER).sin();
        let scale = if k == 0.0 { 1.0 } else { 2.0 };
        (one * scale / bands * lifter * turn.cos()).round() as i16
    };
    (0..coefficients)
        .flat_map(|k| (0..bands).map(move |band| factor(k, band)))
        .collect()
}

/// The coefficients of rows of levels, which have their window's offset already.
pub(super) fn transformed(levels: &[u8], bands: usize, factors: &[i16]) -> Vec<u8> {
    let of_row = |row: &[u8]| -> Vec<u8> {
        let coefficients = factors.chunks_exact(bands).enumerate();
        coefficients
            .map(|(k, factors)| {
                let middle = if k == 0 { 0 } else { 128 };
                (middle + coefficient(row, 0, factors)).clamp(0, 255) as u8
            })
            .collect()
    };
    levels.chunks_exact(bands).flat_map(of_row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Coefficients are the nearest ones to the definition, off by the factors' 12 bits at most.
        #[test]
        fn coefficients_are_those_of_the_definition(
            levels in proptest::collection::vec(any::<u8>(), BANDS..128),
            coefficients in 1..=COEFFICIENTS,
        ) {
            let bands = levels.len();
            let factors = factors(bands, coefficients.min(bands));
            let row = transformed(&levels, bands, &factors);
            for (k, &there) in row.iter().enumerate() {
                let sum: f64 = levels
                    .iter()
                    .enumerate()
                    .map(|(b, &level)| {
                        f64::from(level) * (PI * k as f64 * (b as f64 + 0.5) / bands as f64).cos()
                    })
                    .sum();
                let exact = match k {
                    0 => sum / bands as f64,
                    _ => 128.0 + 2.0 / bands as f64 * sum * (1.0 + 11.0 * (PI * k as f64 / 22.0).sin()),
                };
                // Half a step, and every factor half of its own.
                let most = 0.5 + 0.5 * levels.iter().map(|&x| f64::from(x)).sum::<f64>() / 4096.0;
                let error = (f64::from(there) - exact.clamp(0.0, 255.0)).abs();
                prop_assert!(error <= most + 1e-6, "coefficient {}: {} for {}", k, there, exact);
            }
        }
    }
}
