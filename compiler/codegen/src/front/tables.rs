//! The constants of a front end: twiddles, and where each band lies.

use std::f64::consts::PI;

use super::Spec;

/// One, in the scale of twiddles and slopes.
const ONE: f64 = 32768.0;

/// Constants, as [`ember_runtime::log_mel::Bank`] reads them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tables {
    /// Cosines and sines of half a turn.
    pub twiddles: Vec<i16>,
    /// Where bands begin, reach their centres and end.
    pub edges: Vec<u16>,
    /// How far each frequency is from one edge to the next.
    pub slopes: Vec<u16>,
}

impl Tables {
    /// The constants of a specification whose frame and bands are within their limits.
    ///
    /// # Errors
    /// A band that no frequency lies in.
    pub fn new(spec: &Spec) -> Result<Self, String> {
        let half = spec.frame / 2;
        let round = |x: f64| (x * ONE).round().clamp(1.0 - ONE, ONE - 1.0) as i16;
        let turn = |k: usize| 2.0 * PI * k as f64 / spec.frame as f64;
        let twiddles = (0..half)
            .flat_map(|k| [round(turn(k).cos()), round(turn(k).sin())])
            .collect();
        let centres = centres(spec);
        let last = half - 1;
        let edges: Vec<u16> = centres
            .iter()
            .map(|centre| (centre.ceil() as usize).clamp(1, last + 1) as u16)
            .collect();
        let mut slopes = Vec::new();
        let mut weights = vec![0; spec.bands];
        for (interval, pair) in edges.windows(2).enumerate() {
            let (from, to) = (centres[interval], centres[interval + 1]);
            for frequency in pair[0]..pair[1] {
                let way = (f64::from(frequency) - from) / (to - from);
                let slope = (way * ONE).round().clamp(0.0, ONE) as u16;
                slopes.push(slope);
                if let Some(weight) = weights.get_mut(interval) {
                    *weight += u32::from(slope);
                }
                if interval > 0 {
                    weights[interval - 1] += (ONE as u32) - u32::from(slope);
                }
            }
        }
        if let Some(band) = weights.iter().position(|&weight| weight < ONE as u32 / 8) {
            return Err(format!(
                "band {band} of {} is so narrow that no frequency of a frame of {} samples lies in it; take fewer bands, a longer frame, or a higher low end",
                spec.bands, spec.frame
            ));
        }
        Ok(Self {
            twiddles,
            edges,
            slopes,
        })
    }

    /// Their bytes in flash, with the values of 256 levels.
    pub fn bytes(&self) -> usize {
        2 * (self.twiddles.len() + self.edges.len() + self.slopes.len()) + 256
    }
}

/// Beginning, centres and end of the bands in frequencies of the transform, at equal distances in mel.
pub(super) fn centres(spec: &Spec) -> Vec<f64> {
    let mel = |hertz: f64| 2595.0 * (1.0 + hertz / 700.0).log10();
    let hertz = |mel: f64| 700.0 * (10f64.powf(mel / 2595.0) - 1.0);
    let (low, high) = (mel(spec.low), mel(spec.high));
    (0..spec.bands + 2)
        .map(|edge| low + (high - low) * edge as f64 / (spec.bands + 1) as f64)
        .map(|mel| hertz(mel) * spec.frame as f64 / f64::from(spec.rate))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spec(frame: usize, bands: usize) -> Spec {
        Spec {
            rate: 8000,
            frame,
            hop: frame / 2,
            bands,
            low: 100.0,
            high: 3900.0,
            range: None,
        }
    }

    /// The levels of a frame by the definition, in f64, and the loudest frequency as a level.
    fn exact(spec: &Spec, frame: &[i16]) -> (Vec<f64>, f64) {
        let n = frame.len() as f64;
        let power = |frequency: usize| {
            let (mut re, mut im) = (0.0, 0.0);
            for (at, &sample) in frame.iter().enumerate() {
                let hann = 0.5 - 0.5 * (2.0 * PI * at as f64 / n).cos();
                let angle = 2.0 * PI * (at * frequency) as f64 / n;
                re += f64::from(sample) * hann * angle.cos();
                im -= f64::from(sample) * hann * angle.sin();
            }
            // As the device scales it: samples in 1/2¹⁵, the transform divided by its length.
            (re * re + im * im) * (ONE / n).powi(2)
        };
        let powers: Vec<f64> = (0..frame.len() / 2).map(power).collect();
        let centres = centres(spec);
        let level = |power: f64| 8.0 * (power.max(1e-9).log2() - 25.0);
        let levels = (0..spec.bands).map(|band| {
            let [from, centre, to] = [0, 1, 2].map(|edge| centres[band + edge]);
            let sum: f64 = (1..frame.len() / 2)
                .map(|frequency| {
                    let x = frequency as f64;
                    let rise = (x - from) / (centre - from);
                    let fall = (to - x) / (to - centre);
                    powers[frequency] * rise.min(fall).max(0.0)
                })
                .sum();
            level(sum)
        });
        let loudest = powers.iter().copied().fold(0.0, f64::max);
        (levels.collect(), level(loudest))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// A level is within 0.75 of the exact one, 0.28 dB, where that is within 72 dB of the frame's loudest
        /// frequency: half a step of rounding, the rest is the transform's.
        #[test]
        fn levels_are_those_of_the_definition(
            size in 6u32..10,
            tones in proptest::collection::vec((0.0..3.1f64, 0.0..1.0f64), 0..4),
            loudness in 0.0..15.0f64,
            noise in 0.0..1.0f64,
            seed in any::<u64>(),
        ) {
            let frame = 1usize << size;
            let spec = spec(frame, 8);
            let tables = Tables::new(&spec).map_err(TestCaseError::fail)?;
            let mut state = seed | 1;
            let mut white = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33) as f64 / (1u64 << 31) as f64 * 2.0 - 1.0
            };
            let total: f64 = noise + tones.iter().map(|tone| tone.1).sum::<f64>();
            let samples: Vec<i16> = (0..frame)
                .map(|at| {
                    let tone = |&(speed, strength): &(f64, f64)| strength * (speed * at as f64).sin();
                    let sum = noise * white() + tones.iter().map(tone).sum::<f64>();
                    (sum / total.max(1e-3) * loudness.exp2()).clamp(-32768.0, 32767.0) as i16
                })
                .collect();
            let padded = [vec![0; frame / 2], samples.clone()].concat();
            let rows = spec.rows(&tables, &padded);
            let row = &rows[rows.len() - spec.bands..];
            let (levels, loudest) = exact(&spec, &samples);
            for (band, (&level, exact)) in row.iter().zip(levels).enumerate() {
                if exact < loudest - 72.0 * super::super::LEVELS_PER_DB || exact < 1.0 {
                    continue;
                }
                let error = (f64::from(level) - exact.min(255.0)).abs();
                prop_assert!(error < 0.75, "band {}: {} for {}", band, level, exact);
            }
        }
    }

    #[test]
    fn silence_the_loudest_and_the_edges() {
        let spec = spec(256, 24);
        let tables = Tables::new(&spec).expect("bands are wide");
        assert!(
            spec.rows(&tables, &[0; 512])
                .iter()
                .all(|&level| level == 0)
        );
        // A square wave of full strength in the middle of the bands overflows nothing.
        let square: Vec<i16> = (0..1024)
            .map(|at| if at / 4 % 2 == 0 { i16::MAX } else { i16::MIN })
            .collect();
        let rows = spec.rows(&tables, &square);
        let loudest = rows.iter().max().copied().unwrap_or(0);
        assert!((245..=255).contains(&loudest), "{loudest}");
        assert!(Tables::new(&Spec { bands: 100, ..spec }).is_err());
    }
}
