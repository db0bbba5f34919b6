//! Seeded random numbers whose streams never change: ChaCha8 plus conversions written here, so that
//! neither a new version of a library nor burn's process-wide generator can alter a training run.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream with number `stream` of `seed`. Different streams of one seed are independent:
    /// initialisation, shuffling and augmentation do not influence each other.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Uniform in [0, 1), 24 random bits.
    pub fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1u32 << 24) as f32
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Uniform in 0..bound; `bound` must not be zero. The bias of the 64-bit product is below 2⁻³².
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Standard normal (Box–Muller).
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.unit()).cos()
    }

    /// Fisher–Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// Beta(alpha, alpha), by Jöhnk's method; for mixup, whose alpha is at most 1.
    pub fn beta(&mut self, alpha: f32) -> f32 {
        // Rejection: a few rounds on average; the bound only guards against a degenerate alpha.
        for _ in 0..100 {
            let x = self.unit().powf(1.0 / alpha);
            let y = self.unit().powf(1.0 / alpha);
            if x + y > 0.0 && x + y <= 1.0 {
                return x / (x + y);
            }
        }
        0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_reproducible_and_distinct() {
        let draw = |seed, stream| {
            let mut random = Random::new(seed, stream);
            [random.unit(), random.normal(), random.below(1000) as f32]
        };
        assert_eq!(draw(1, 0), draw(1, 0));
        assert_ne!(draw(1, 0), draw(1, 1));
        assert_ne!(draw(1, 0), draw(2, 0));
    }

    #[test]
    fn normal_and_beta_have_the_right_moments() {
        let mut random = Random::new(3, 0);
        let n = 20_000;
        let normals: Vec<f32> = (0..n).map(|_| random.normal()).collect();
        let mean = normals.iter().sum::<f32>() / n as f32;
        let variance = normals.iter().map(|x| x * x).sum::<f32>() / n as f32;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
        let betas: Vec<f32> = (0..n).map(|_| random.beta(0.2)).collect();
        let mean = betas.iter().sum::<f32>() / n as f32;
        // Var of Beta(a, a) = 1 / (4 (2a + 1)).
        let variance = betas.iter().map(|x| (x - 0.5) * (x - 0.5)).sum::<f32>() / n as f32;
        assert!(
            (mean - 0.5).abs() < 0.02 && (variance - 1.0 / 5.6).abs() < 0.01,
            "{mean} {variance}"
        );
    }
}
