//! Time series of sensors: another speed and another place in time, axes turned in space (a watch is
//! never worn twice in the same way), another strength, noise, a gap. After Um et al., *Data
//! augmentation of wearable sensor data* (2017).

use serde::{Deserialize, Serialize};

use super::Sample;
use crate::random::Random;

/// Strength of each change; 0 switches it off.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeriesAugmentation {
    /// Channels that are the three axes of one sensor, e.g. `[[0, 1, 2], [3, 4, 5]]`. All triplets are
    /// turned by the same rotation: they are in one housing.
    pub triplets: Vec<[usize; 3]>,
    /// Largest rotation about a random axis, in degrees.
    pub rotation: f32,
    /// Largest change of strength, as a natural logarithm: 0.2 is a factor of 0.82 to 1.22. One factor
    /// per triplet, or per channel outside of triplets.
    pub scale: f32,
    /// Largest change of speed, as a natural logarithm.
    pub speed: f32,
    /// Standard deviation of a smooth change of strength over time, per channel.
    pub drift: f32,
    /// Standard deviation of white noise, in standard deviations of the channel.
    pub jitter: f32,
    /// Longest gap (channels held at their last value), as a fraction of the window.
    pub gap: f32,
}

impl SeriesAugmentation {
    pub(super) fn apply(&self, sample: Sample<'_>, target: &mut [f32], random: &mut Random) {
        let channels = sample.spread.len();
        self.resample(sample, target, random);
        let matrix = self.mixing(channels, random);
        let mut mixed = vec![0.0; channels];
        let drift = Drift::new(self.drift, channels, random);
        let length = target.len() / channels;
        let gap = (random.unit() * self.gap * length as f32) as usize;
        let gap_start = random.below((length - gap.min(length - 1)).max(1));
        for t in 0..length {
            if gap > 0 && t > gap_start && t < gap_start + gap {
                target.copy_within((t - 1) * channels..t * channels, t * channels);
                continue;
            }
            let step = &mut target[t * channels..(t + 1) * channels];
            for (to, row) in mixed.iter_mut().zip(matrix.chunks_exact(channels)) {
                *to = row.iter().zip(step.iter()).map(|(a, x)| a * x).sum();
            }
            for (channel, x) in step.iter_mut().enumerate() {
                let noise = if self.jitter > 0.0 {
                    random.normal() * self.jitter * sample.spread[channel]
                } else {
                    0.0
                };
                *x = mixed[channel] * drift.at(channel, t as f32 / length as f32) + noise;
            }
        }
    }

    /// Reads the target's length out of the source at a random speed and place, by linear
    /// interpolation. Where the source is too short it is continued backwards (reflected).
    fn resample(&self, sample: Sample<'_>, target: &mut [f32], random: &mut Random) {
        let channels = sample.spread.len();
        let (from, to) = (sample.values.len() / channels, target.len() / channels);
        let speed = random.between(-self.speed, self.speed).exp();
        let room = from as f32 - 1.0 - (to as f32 - 1.0) * speed;
        // Enough room: anywhere in it. Too little: centred, both ends reflected.
        let place = random.unit();
        let start = if room > 0.0 { room * place } else { room / 2.0 };
        for (t, step) in target.chunks_exact_mut(channels).enumerate() {
            let position = reflect(start + t as f32 * speed, from);
            let before = (position as usize).min(from - 1);
            let after = (before + 1).min(from - 1);
            let part = position - before as f32;
            for (channel, x) in step.iter_mut().enumerate() {
                let (a, b) = (
                    sample.values[before * channels + channel],
                    sample.values[after * channels + channel],
                );
                *x = a + (b - a) * part;
            }
        }
    }

    /// The linear map on the channels: a rotation of each triplet times its factor.
    fn mixing(&self, channels: usize, random: &mut Random) -> Vec<f32> {
        let mut matrix = vec![0.0; channels * channels];
        let rotation = rotation(random, self.rotation);
        let mut factor = || random.between(-self.scale, self.scale).exp();
        for channel in 0..channels {
            let alone = !self.triplets.iter().flatten().any(|&c| c == channel);
            if alone {
                matrix[channel * channels + channel] = factor();
            }
        }
        for triplet in self
            .triplets
            .iter()
            .filter(|triplet| triplet.iter().all(|&c| c < channels))
        {
            let factor = factor();
            for (row, &to) in triplet.iter().enumerate() {
                for (column, &from) in triplet.iter().enumerate() {
                    matrix[to * channels + from] = rotation[row][column] * factor;
                }
            }
        }
        matrix
    }
}

/// A smooth factor around 1 per channel, through three random values.
struct Drift(Vec<[f32; 3]>);

impl Drift {
    fn new(deviation: f32, channels: usize, random: &mut Random) -> Self {
        if deviation <= 0.0 {
            return Self(Vec::new());
        }
        Self(
            (0..channels)
                .map(|_| [0, 1, 2].map(|_| (random.normal() * deviation).exp()))
                .collect(),
        )
    }

    /// The factor at a time in [0, 1): linear between the three.
    fn at(&self, channel: usize, time: f32) -> f32 {
        let Some(points) = self.0.get(channel) else {
            return 1.0;
        };
        let position = time * 2.0;
        let before = (position as usize).min(1);
        points[before] + (points[before + 1] - points[before]) * (position - before as f32)
    }
}

/// Position within 0..=length−1, mirrored at both ends as often as needed.
fn reflect(position: f32, length: usize) -> f32 {
    let last = length as f32 - 1.0;
    if last <= 0.0 {
        return 0.0;
    }
    let folded = position.rem_euclid(2.0 * last);
    if folded > last {
        2.0 * last - folded
    } else {
        folded
    }
}

/// Rotation about an axis uniform on the sphere by an angle uniform in ±`degrees` (Rodrigues).
fn rotation(random: &mut Random, degrees: f32) -> [[f32; 3]; 3] {
    let axis = [0, 1, 2].map(|_| random.normal());
    let norm = axis.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6);
    let [x, y, z] = axis.map(|a| a / norm);
    let (s, c) = random.between(-degrees, degrees).to_radians().sin_cos();
    let t = 1.0 - c;
    [
        [t * x * x + c, t * x * y - s * z, t * x * z + s * y],
        [t * x * y + s * z, t * y * y + c, t * y * z - s * x],
        [t * x * z - s * y, t * y * z + s * x, t * z * z + c],
    ]
}

#[cfg(test)]
mod tests {
    use ember_ir::Shape;

    use super::*;

    fn varied(augmentation: &SeriesAugmentation, from: usize, to: usize) -> Vec<f32> {
        let values: Vec<f32> = (0..from * 3).map(|i| (i as f32 * 0.7).sin()).collect();
        let long = Shape::from([1, from, 3]);
        let mut target = vec![0.0; to * 3];
        let sample = Sample {
            values: &values,
            from: &long,
            spread: &[1.0; 3],
        };
        augmentation.apply(sample, &mut target, &mut Random::new(5, 0));
        target
    }

    #[test]
    fn nothing_changes_at_strength_zero() {
        let expected: Vec<f32> = (0..24).map(|i| (i as f32 * 0.7).sin()).collect();
        let off = SeriesAugmentation {
            triplets: vec![[0, 1, 2]],
            ..SeriesAugmentation::default()
        };
        let close = varied(&off, 8, 8)
            .iter()
            .zip(&expected)
            .all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(close);
    }

    #[test]
    fn rotations_keep_lengths() {
        let turned = SeriesAugmentation {
            triplets: vec![[0, 1, 2]],
            rotation: 90.0,
            ..SeriesAugmentation::default()
        };
        let off = SeriesAugmentation::default();
        let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>();
        let (a, b) = (varied(&turned, 8, 8), varied(&off, 8, 8));
        assert_ne!(a, b);
        for (a, b) in a.chunks(3).zip(b.chunks(3)) {
            assert!((length(a) - length(b)).abs() < 1e-4);
        }
    }

    #[test]
    fn windows_come_out_of_longer_and_shorter_sources() {
        let fast = SeriesAugmentation {
            speed: 0.5,
            drift: 0.1,
            gap: 0.4,
            jitter: 0.1,
            ..SeriesAugmentation::default()
        };
        for (from, to) in [(20, 8), (8, 8), (4, 8), (1, 3)] {
            let window = varied(&fast, from, to);
            assert!(window.iter().all(|x| x.is_finite()), "{from} {to}");
        }
    }
}
