//! The constants of a front end: twiddles, and where each band lies.

use std::f64::consts::PI;

use super::{Spec, factors};

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
    /// Factors of cepstral coefficients; none where levels are the network's input.
    pub factors: Vec<i16>,
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
        let factors = spec.coefficients.map(|count| factors(spec.bands, count));
        Ok(Self {
            twiddles,
            edges,
            slopes,
            factors: factors.unwrap_or_default(),
        })
    }

    /// Their bytes in flash, with the values of 256 levels.
    pub fn bytes(&self) -> usize {
        2 * (self.twiddles.len() + self.edges.len() + self.slopes.len() + self.factors.len()) + 256
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
            coefficients: None,
        }
    }

    /// What level 0 stands for, as a power.
    const LEVEL_0: f64 = (1u64 << 25) as f64;

    /// The power of every band of a frame by the definition, in f64, and that of the whole frame.
    fn exact(spec: &Spec, frame: &[i16]) -> (Vec<f64>, f64) {
        let n = frame.len() as f64;
        let turn: Vec<[f64; 2]> = (0..frame.len())
            .map(|at| 2.0 * PI * at as f64 / n)
            .map(|angle| [angle.cos(), angle.sin()])
            .collect();
        let power = |frequency: usize| {
            let (mut re, mut im) = (0.0, 0.0);
            for (at, &sample) in frame.iter().enumerate() {
                let windowed = f64::from(sample) * (0.5 - 0.5 * turn[at][0]);
                let [cos, sin] = turn[at * frequency % frame.len()];
                re += windowed * cos;
                im -= windowed * sin;
            }
            // As the device scales it: samples in 1/2¹⁵, the transform divided by its length.
            (re * re + im * im) * (ONE / n).powi(2)
        };
        let powers: Vec<f64> = (0..frame.len() / 2).map(power).collect();
        let centres = centres(spec);
        let bands = (0..spec.bands).map(|band| {
            let [from, centre, to] = [0, 1, 2].map(|edge| centres[band + edge]);
            let of = |frequency: usize| {
                let x = frequency as f64;
                let rise = (x - from) / (centre - from);
                let fall = (to - x) / (to - centre);
                // A weight has 15 bits: of a loud frequency at the very end of a band, what is rounded
                // can be as much as all the rest of the band.
                powers[frequency] * (rise.min(fall).max(0.0) * ONE).round() / ONE
            };
            (1..frame.len() / 2).map(of).sum()
        });
        (bands.collect(), powers.iter().sum())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// A level is the nearest one of a power whose amplitude is off by noise 78 dB below the whole
        /// frame's: twiddles of 16 bits, and four units of what stages and sums cut off.
        #[test]
        fn levels_are_those_of_the_definition(
            size in 6u32..11,
            tones in proptest::collection::vec((0.0..3.1f64, 0.0..1.0f64), 0..4),
            loudness in 0.0..15.0f64,
            noise in (-20.0..0.0f64).prop_map(f64::exp2),
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
            let (powers, whole) = exact(&spec, &samples);
            let noise = whole.sqrt() * (-13f64).exp2() + 4.0;
            for (band, (&level, power)) in row.iter().zip(powers).enumerate() {
                let nearest = |amplitude: f64| (8.0 * (amplitude.powi(2) / LEVEL_0).log2()).round().clamp(0.0, 255.0);
                let least = nearest((power.sqrt() - noise).max(0.0));
                let most = nearest(power.sqrt() + noise);
                prop_assert!(
                    (least..=most).contains(&f64::from(level)),
                    "band {}: {} is not from {} to {}", band, level, least, most
                );
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
