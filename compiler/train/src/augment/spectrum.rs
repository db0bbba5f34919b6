//! Rows of levels of sound: another speed and place in time, another voice (bands stretched), another
//! loudness, noise, a few rows and bands that are missing. After N. Jaitly, G. E. Hinton, *Vocal tract length
//! perturbation* (2013), and D. S. Park et al., *SpecAugment* (2019).

use serde::{Deserialize, Serialize};

use super::Sample;
use crate::random::Random;

/// Strength of each change; 0 switches it off.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpectrumAugmentation {
    /// Levels of a row.
    pub bands: usize,
    /// Rows are cepstral coefficients, the first one the mean of the levels, the others around 128: loudness
    /// changes the first one alone, and bands are no more to be stretched or left out.
    pub cepstra: bool,
    /// Largest level.
    pub most: f32,
    /// Largest change of speed, as a natural logarithm.
    pub speed: f32,
    /// Largest stretch of the bands, as a natural logarithm.
    pub warp: f32,
    /// Largest change of loudness, in levels.
    pub gain: f32,
    /// Standard deviation of white noise, in levels.
    pub noise: f32,
    /// Largest part of the rows, and of the bands, that is missing.
    pub mask: f32,
}

impl SpectrumAugmentation {
    pub(super) fn apply(&self, sample: Sample<'_>, target: &mut [f32], random: &mut Random) {
        let bands = self.bands.max(1);
        let (from, to) = (sample.values.len() / bands, target.len() / bands);
        let speed = random.between(-self.speed, self.speed).exp();
        let warp = random.between(-self.warp, self.warp).exp();
        let warp = if self.cepstra { 1.0 } else { warp };
        let gain = random.between(-self.gain, self.gain);
        // Anywhere in the sample, which may be longer; at other speeds around that.
        let room = from as f32 - to as f32 * speed;
        let start = if room > 0.0 {
            room * random.unit()
        } else {
            room / 2.0
        };
        let masks = [to, bands].map(|len| {
            let width = (random.unit() * self.mask * len as f32) as usize;
            let start = random.below(len - width.min(len) + 1);
            start..start + width
        });
        let silence = |band: usize| if self.cepstra && band > 0 { 128.0 } else { 0.0 };
        for (row, levels) in target.chunks_exact_mut(bands).enumerate() {
            let time = start + row as f32 * speed;
            for (band, level) in levels.iter_mut().enumerate() {
                let is_outside = time < 0.0 || time > from as f32 - 1.0;
                let is_missing =
                    masks[0].contains(&row) || !self.cepstra && masks[1].contains(&band);
                if is_missing {
                    *level = silence(band);
                    continue;
                }
                let there = match is_outside {
                    true => silence(band),
                    false => read(sample.values, [from, bands], [time, band as f32 * warp]),
                };
                // Silence stays silent.
                let noise = if self.noise > 0.0 {
                    random.normal() * self.noise
                } else {
                    0.0
                };
                let is_loud = there > 0.0 && (band == 0 || !self.cepstra);
                let louder = if is_loud { gain } else { 0.0 };
                *level = (there + louder + noise).clamp(0.0, self.most);
            }
        }
    }
}

/// A level between rows and bands, the last band above it.
fn read(values: &[f32], [rows, bands]: [usize; 2], [time, band]: [f32; 2]) -> f32 {
    let band = band.min(bands as f32 - 1.0);
    let (row, low) = (time as usize, band as usize);
    let (next, high) = ((row + 1).min(rows - 1), (low + 1).min(bands - 1));
    let (later, higher) = (time - row as f32, band - low as f32);
    let at = |row: usize| {
        let [a, b] = [low, high].map(|band| values[row * bands + band]);
        a + (b - a) * higher
    };
    let (a, b) = (at(row), at(next));
    a + (b - a) * later
}

#[cfg(test)]
mod tests {
    use ember_ir::Shape;

    use super::*;

    fn varied(augmentation: &SpectrumAugmentation, from: usize, to: usize) -> Vec<f32> {
        let values: Vec<f32> = (0..from * 4).map(|i| 50.0 + (i % 37) as f32).collect();
        let mut target = vec![-1.0; to * 4];
        let sample = Sample {
            values: &values,
            from: &Shape::from([1, from, 4]),
            spread: &[1.0; 4],
        };
        augmentation.apply(sample, &mut target, &mut Random::new(5, 0));
        target
    }

    #[test]
    fn nothing_changes_at_strength_zero_and_levels_stay_levels() {
        let off = SpectrumAugmentation {
            bands: 4,
            most: 255.0,
            ..SpectrumAugmentation::default()
        };
        let expected: Vec<f32> = (0..32).map(|i| 50.0 + (i % 37) as f32).collect();
        assert_eq!(varied(&off, 8, 8), expected);
        let strong = SpectrumAugmentation {
            speed: 0.5,
            warp: 0.3,
            gain: 300.0,
            noise: 20.0,
            mask: 0.5,
            ..off
        };
        for cepstra in [false, true] {
            let strong = SpectrumAugmentation { cepstra, ..strong };
            for (from, to) in [(20, 8), (8, 8), (3, 8), (1, 1)] {
                let levels = varied(&strong, from, to);
                assert!(levels.iter().all(|level| (0.0..=255.0).contains(level)));
            }
            assert_ne!(varied(&strong, 8, 8), expected);
        }
    }

    #[test]
    fn louder_cepstra_differ_in_their_mean_alone() {
        let louder = SpectrumAugmentation {
            bands: 4,
            cepstra: true,
            most: 255.0,
            gain: 40.0,
            warp: 0.3,
            ..SpectrumAugmentation::default()
        };
        let levels = varied(&louder, 8, 8);
        for (at, (level, index)) in levels.iter().zip(0..).enumerate() {
            let before = 50.0 + (index % 37) as f32;
            assert_eq!(
                *level == before,
                at % 4 != 0,
                "value {at}: {before} to {level}"
            );
        }
    }
}
