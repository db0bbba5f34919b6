//! The front end for sound on the host: its constants, and the same arithmetic as on the device.
//!
//! A recording becomes rows of levels, one per `hop` samples ([`Spec::rows`]); a window of rows, quantised
//! by a table of 256 values, is the network's input ([`Front`]). What a level is: [`ember_runtime::log_mel`].

mod cepstra;
mod tables;

use ember_ir::{Quant, QuantGraph};
use ember_runtime::log_mel;
use serde::{Deserialize, Serialize};

pub use cepstra::{BANDS, COEFFICIENTS, factors};
pub use tables::Tables;

/// What a front end computes.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// Samples per second.
    pub rate: u32,
    /// Samples of a frame: a power of two.
    pub frame: usize,
    /// Samples from frame to frame.
    pub hop: usize,
    /// Levels of a row.
    pub bands: usize,
    /// Lower end of the lowest band, in Hz.
    pub low: f64,
    /// Upper end of the highest band, in Hz.
    pub high: f64,
    /// Levels count from so many below the loudest of a window; `None`: they are absolute.
    pub range: Option<u8>,
    /// The network's input is so many cepstral coefficients of each row; `None`: the levels.
    #[serde(default)]
    pub coefficients: Option<usize>,
}

/// Levels per decibel of power: a level is an eighth of an octave.
pub const LEVELS_PER_DB: f64 = 8.0 * std::f64::consts::LOG2_10 / 10.0;

impl Spec {
    /// Whether it can be computed.
    ///
    /// # Errors
    /// What is wrong, and the limits.
    pub fn check(&self) -> Result<(), String> {
        let [least, most] = log_mel::FRAMES;
        let nyquist = f64::from(self.rate) / 2.0;
        let Spec { frame, hop, .. } = *self;
        if !frame.is_power_of_two() || !(least..=most).contains(&frame) {
            return Err(format!(
                "a frame of {frame} samples is no power of two from {least} to {most}"
            ));
        }
        if hop == 0 || hop > frame {
            return Err(format!(
                "a hop of {hop} samples is not from 1 to the frame's {frame}"
            ));
        }
        if !(1..=128).contains(&self.bands) {
            return Err(format!("{} bands are not from 1 to 128", self.bands));
        }
        if let Some(count) = self.coefficients {
            let most = self.bands.min(COEFFICIENTS);
            if self.bands < BANDS || !(1..=most).contains(&count) {
                return Err(format!(
                    "{count} coefficients of {} bands: take {BANDS} bands at least, and coefficients from 1 to {COEFFICIENTS}, no more than bands",
                    self.bands
                ));
            }
        }
        if !(self.low >= 0.0 && self.low < self.high && self.high <= nyquist) {
            return Err(format!(
                "bands from {} to {} Hz do not lie between 0 and half the rate, {nyquist} Hz",
                self.low, self.high
            ));
        }
        Tables::new(self).map(|_| ())
    }

    /// Rows whose samples reach back before those of a window.
    pub fn lead(&self) -> usize {
        self.frame.div_ceil(self.hop) - 1
    }

    /// The levels of all whole rows of a recording that begins with silence.
    pub fn rows(&self, tables: &Tables, samples: &[i16]) -> Vec<u8> {
        match self.frame {
            64 => self.rows_of::<64>(tables, samples),
            128 => self.rows_of::<128>(tables, samples),
            256 => self.rows_of::<256>(tables, samples),
            512 => self.rows_of::<512>(tables, samples),
            1024 => self.rows_of::<1024>(tables, samples),
            _ => self.rows_of::<2048>(tables, samples),
        }
    }

    fn rows_of<const FRAME: usize>(&self, tables: &Tables, samples: &[i16]) -> Vec<u8> {
        let mut twiddles = [0; FRAME];
        for (to, from) in twiddles.iter_mut().zip(&tables.twiddles) {
            *to = *from;
        }
        let bank = log_mel::Bank {
            twiddles: &twiddles,
            edges: &tables.edges,
            slopes: &tables.slopes,
        };
        let mut scratch = [0; FRAME];
        let mut levels = vec![0; samples.len() / self.hop * self.bands];
        for (row, levels) in levels.chunks_exact_mut(self.bands).enumerate() {
            let end = (row + 1) * self.hop;
            let start = end.saturating_sub(FRAME);
            let mut frame = [0; FRAME];
            frame[FRAME - (end - start)..].copy_from_slice(&samples[start..end]);
            log_mel::levels(&bank, &frame, &mut scratch, levels);
        }
        levels
    }

    /// Values that the network gets of a row.
    pub fn width(&self) -> usize {
        self.coefficients.unwrap_or(self.bands)
    }

    /// The levels of a window as the network sees them: with its offset, or their coefficients.
    pub fn seen(&self, window: &[u8]) -> Vec<u8> {
        let loudest = window.iter().copied().max().unwrap_or(0);
        let offset = log_mel::offset(loudest, self.range);
        let shifted = window.iter().map(|&level| log_mel::shifted(level, offset));
        let levels: Vec<u8> = shifted.collect();
        match self.coefficients {
            None => levels,
            Some(count) => cepstra::transformed(&levels, self.bands, &factors(self.bands, count)),
        }
    }
}

/// The front end of a network.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Front {
    /// What it computes.
    pub spec: Spec,
    /// Rows of a window.
    pub rows: usize,
    /// The network's input for every level, or for every coefficient as a byte.
    pub values: Vec<i8>,
}

impl Front {
    /// The front end of a network whose input `real` makes of a level.
    pub fn new(spec: Spec, network: &QuantGraph, real: impl Fn(f32) -> f32) -> Self {
        let input = network.graph.inputs[0];
        let quant: Quant = network.quants[input.0];
        Self {
            spec,
            rows: network.graph.tensor(input).shape.elements() / spec.width(),
            values: (0..=u8::MAX)
                .map(|level| quant.quantize(real(f32::from(level))))
                .collect(),
        }
    }

    /// Parts of `hop` samples that a window needs, the rows before it among them.
    pub fn parts(&self) -> usize {
        self.rows + self.spec.lead()
    }

    /// Bytes of the samples of a window, two each.
    pub fn sample_bytes(&self) -> usize {
        2 * self.parts() * self.spec.hop
    }

    /// Levels of a window.
    pub fn levels(&self) -> usize {
        self.rows * self.spec.bands
    }

    /// Values of the network's input.
    pub fn inputs(&self) -> usize {
        self.rows * self.spec.width()
    }

    /// Bytes of RAM beside the network's: samples, scratch, levels and where they are.
    pub fn state_bytes(&self) -> usize {
        let word = size_of::<u32>();
        let Spec { frame, hop, .. } = self.spec;
        (6 * frame + self.levels() + word).next_multiple_of(word)
            + (2 * hop).next_multiple_of(word)
            + word
    }

    /// What the network gets for the bytes of a window's samples, the lower one of each first.
    pub fn input(&self, tables: &Tables, bytes: &[i8]) -> Vec<i8> {
        let (pairs, _) = bytes.as_chunks::<2>();
        let samples: Vec<i16> = pairs
            .iter()
            .map(|pair| i16::from_le_bytes(pair.map(i8::cast_unsigned)))
            .collect();
        let mut levels = self.spec.rows(tables, &samples);
        let window = levels.split_off(levels.len().saturating_sub(self.levels()));
        let seen = self.spec.seen(&window);
        seen.iter()
            .map(|&level| self.values[usize::from(level)])
            .collect()
    }
}
