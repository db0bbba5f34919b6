//! A streaming histogram: one pass, fixed memory, and a result that does not depend on the order of
//! the values.
//!
//! Bins of equal width cover [−2^k, 2^k). A value outside doubles k until it fits, which merges pairs of
//! bins exactly; the final k depends on the largest magnitude alone. Resolution: 2^k / 4096.

/// Bins on each side of zero.
const HALF: usize = 4096;
/// Exponents of the widest and the narrowest range.
const EXPONENTS: std::ops::RangeInclusive<i32> = -100..=128;

/// Counts of finite values.
#[derive(Clone)]
pub(super) struct Histogram {
    /// The range is [−2^exponent, 2^exponent).
    exponent: i32,
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// Nothing counted.
    pub fn new() -> Self {
        Self {
            exponent: *EXPONENTS.start(),
            counts: vec![0; 2 * HALF],
            total: 0,
        }
    }

    /// Counts finite values.
    pub fn add(&mut self, values: &[f32]) {
        let top = values
            .iter()
            .fold(0.0_f32, |top, value| top.max(value.abs()));
        while f64::from(top) >= self.limit() && self.exponent < *EXPONENTS.end() {
            self.widen();
        }
        for &value in values {
            let bin = self.bin(f64::from(value));
            self.counts[bin] += 1;
        }
        self.total += values.len() as u64;
    }

    /// Outer edges of the bins in which the quantiles `cut` and 1 − `cut` lie.
    pub fn between(&self, cut: f64) -> (f32, f32) {
        let spare = (self.total as f64 * cut) as u64;
        let low = outer(self.counts.iter(), spare);
        let high = 2 * HALF - outer(self.counts.iter().rev(), spare);
        (self.edge(low), self.edge(high))
    }

    fn limit(&self) -> f64 {
        2f64.powi(self.exponent)
    }

    fn bin(&self, value: f64) -> usize {
        let position = (value / self.limit() * HALF as f64).floor() as i64 + HALF as i64;
        position.clamp(0, 2 * HALF as i64 - 1) as usize
    }

    fn edge(&self, bin: usize) -> f32 {
        ((bin as f64 - HALF as f64) / HALF as f64 * self.limit()) as f32
    }

    /// Doubles the range: pairs of bins move towards zero.
    fn widen(&mut self) {
        self.exponent += 1;
        if self.total == 0 {
            return;
        }
        let old = std::mem::replace(&mut self.counts, vec![0; 2 * HALF]);
        for (bin, count) in old.into_iter().enumerate() {
            self.counts[bin / 2 + HALF / 2] += count;
        }
    }
}

/// Bins that can be left out at one end without dropping more than `spare` values.
fn outer<'a>(counts: impl Iterator<Item = &'a u64>, spare: u64) -> usize {
    let mut dropped = 0;
    counts
        .take_while(|&&count| {
            dropped += count;
            dropped <= spare
        })
        .count()
}
