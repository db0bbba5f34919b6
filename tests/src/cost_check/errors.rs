//! How far predictions are off: of every layer, of whole networks, of code.

use std::fmt;

use super::measure::{Measured, Pair};

/// How far instructions may be off, of a layer and of a network.
pub const INSTRUCTIONS: f64 = 0.03;

/// How far bytes of code may be off.
pub const CODE: f64 = 0.05;

/// Layers of fewer instructions are judged as if they had so many: what 3 % of a layer of some hundred are
/// is a branch here and there, and nothing in a network.
pub const SMALL: u64 = 2000;

/// How many of the largest errors are shown.
const SHOWN: usize = 3;

/// Relative errors.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    count: usize,
    sum: f64,
    /// The largest, with what they are of.
    worst: Vec<(f64, String)>,
}

impl Errors {
    fn add(&mut self, name: impl Fn() -> String, pair: Pair, least: u64) {
        let Pair { predicted, actual } = pair;
        let off = (predicted as f64 - actual as f64) / actual.max(least).max(1) as f64;
        self.count += 1;
        self.sum += off.abs();
        let place = self
            .worst
            .partition_point(|(worse, _)| worse.abs() >= off.abs());
        if place < SHOWN {
            let percent = 100.0 * off;
            let text = format!(
                "{}: {actual}, predicted {predicted} ({percent:+.2} %)",
                name()
            );
            self.worst.insert(place, (off, text));
            self.worst.truncate(SHOWN);
        }
    }

    /// The largest.
    pub fn most(&self) -> f64 {
        self.worst.first().map_or(0.0, |(off, _)| off.abs())
    }

    /// Their mean.
    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }
}

/// Worst and mean; then the worst, one a line.
impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (most, mean) = (100.0 * self.most(), 100.0 * self.mean());
        write!(f, "worst {most:.2} %, mean {mean:.2} % of {}", self.count)?;
        for (_, text) in &self.worst {
            write!(f, "\n      {text}")?;
        }
        Ok(())
    }
}

/// The errors of a core.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Instructions of layers, each by its own number.
    pub layers: Errors,
    /// The same, small layers by [`SMALL`].
    pub judged: Errors,
    /// Instructions of whole networks.
    pub networks: Errors,
    /// Bytes of code.
    pub code: Errors,
    /// Bytes of the firmware.
    pub flash: Errors,
}

impl Report {
    /// The errors of some networks.
    pub fn of(measured: &[Measured]) -> Self {
        let mut report = Self::default();
        for network in measured {
            for layer in &network.layers {
                let name = || format!("{} {}", network.name, layer.name);
                report.layers.add(name, layer.instructions, 0);
                report.judged.add(name, layer.instructions, SMALL);
            }
            let name = || network.name.clone();
            report.networks.add(name, network.instructions, 0);
            report.code.add(name, network.code, 0);
            report.flash.add(name, network.flash, 0);
        }
        report
    }

    /// Whether all is within the limits.
    pub fn holds(&self) -> bool {
        self.judged.most() <= INSTRUCTIONS
            && self.networks.most() <= INSTRUCTIONS
            && self.code.most() <= CODE
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  instructions per layer: {}", self.layers)?;
        writeln!(f, "  the same, small layers as {SMALL}: {}", self.judged)?;
        writeln!(f, "  instructions per network: {}", self.networks)?;
        writeln!(f, "  code bytes: {}", self.code)?;
        write!(f, "  flash bytes: {}", self.flash)
    }
}
