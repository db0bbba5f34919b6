//! Calibration: the range of every tensor over a set of samples.

use ember_ir::FloatGraph;

use super::histogram::Histogram;
use crate::interpret::run_float;

/// How a range follows from the values seen.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum RangeMethod {
    /// From the least to the greatest value.
    MinMax,
    /// At each end, values beyond this percentage of all (say, 99.9) are cut off: outliers saturate,
    /// the others get a finer scale.
    Percentile(f32),
}

/// Real numbers from `min` to `max`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Range {
    /// Lower end.
    pub min: f32,
    /// Upper end.
    pub max: f32,
}

impl Range {
    /// The range that contains nothing; the neutral element of [`Range::union`].
    pub const EMPTY: Range = Range {
        min: f32::INFINITY,
        max: f32::NEG_INFINITY,
    };

    /// The smallest range that contains both.
    pub fn union(self, other: Range) -> Range {
        Range {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    /// Whether both ends are finite and in order.
    pub fn is_usable(self) -> bool {
        self.min.is_finite() && self.max.is_finite() && self.min <= self.max
    }
}

/// The range of every tensor, by tensor id, when these samples run through the network. A tensor that
/// met NaN or infinity, and every tensor if there are no samples, gets a range that
/// [`super::quantize`] refuses by name. The order of the samples does not matter.
pub fn calibrate<'a>(
    network: &FloatGraph,
    samples: impl Iterator<Item = &'a [f32]>,
    method: RangeMethod,
) -> Vec<Range> {
    let mut observers = vec![Observer::new(method); network.graph.tensors.len()];
    for sample in samples {
        for (observer, values) in observers.iter_mut().zip(run_float(network, sample)) {
            observer.observe(&values);
        }
    }
    observers.iter().map(Observer::range).collect()
}

/// What is remembered of one tensor.
#[derive(Clone)]
struct Observer {
    seen: Range,
    finite: bool,
    /// With the percentage kept.
    histogram: Option<(Histogram, f64)>,
}

impl Observer {
    fn new(method: RangeMethod) -> Self {
        Self {
            seen: Range::EMPTY,
            finite: true,
            histogram: match method {
                RangeMethod::MinMax => None,
                RangeMethod::Percentile(kept) => Some((Histogram::new(), f64::from(kept))),
            },
        }
    }

    fn observe(&mut self, values: &[f32]) {
        for &value in values {
            self.finite &= value.is_finite();
            self.seen = self.seen.union(Range {
                min: value,
                max: value,
            });
        }
        if let Some((histogram, _)) = self.histogram.as_mut().filter(|_| self.finite) {
            histogram.add(values);
        }
    }

    fn range(&self) -> Range {
        if !self.finite {
            return Range {
                min: f32::NAN,
                max: f32::NAN,
            };
        }
        let Some((histogram, kept)) = &self.histogram else {
            return self.seen;
        };
        if self.seen == Range::EMPTY {
            return Range::EMPTY;
        }
        let cut = (1.0 - kept / 100.0).clamp(0.0, 0.5);
        let (low, high) = histogram.between(cut);
        Range {
            min: self.seen.min.max(low).min(self.seen.max),
            max: self.seen.max.min(high).max(self.seen.min),
        }
    }
}
