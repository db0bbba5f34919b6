//! Recordings as rows of levels, by the same integers as on the device ([`ember_codegen::front`]).

use ember_codegen::front::{Front, LEVELS_PER_DB, Spec, Tables};

use super::error::{DataError, Reason};
use super::folder::Member;
use super::names::Names;
use super::table::{Fields, Table};
use super::wav::{fit, open, resample};
use super::window::Sample;

/// Most samples of all recordings: half a gigabyte.
const SAMPLES: usize = 1 << 28;

/// What is asked of a front end, as far as it is known before the recordings.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Wish {
    /// Samples per second; `None`: as the recordings.
    pub rate: Option<u32>,
    /// Samples of a frame; `None`: the power of two nearest to 32 ms.
    pub frame: Option<usize>,
    /// Samples from frame to frame; `None`: half a frame.
    pub hop: Option<usize>,
    /// Levels of a row.
    pub bands: usize,
    /// Lower end of the bands, in Hz.
    pub low: f64,
    /// Upper end of the bands, in Hz; `None`: 95 % of half the rate.
    pub high: Option<f64>,
    /// Decibels that count below the loudest of a window; `None`: levels are absolute.
    pub range: Option<f64>,
    /// Cepstral coefficients of a row that the network gets; `None`: the levels.
    pub coefficients: Option<usize>,
    /// Rows of a window of the training set.
    pub window: usize,
    /// Whether a recording is one sample: then it is cut to a window, or silence is put around it.
    pub single: bool,
}

impl Wish {
    /// The front end for recordings of a rate.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn spec(&self, rate: u32) -> Result<Spec, String> {
        let nearest = || {
            let samples = f64::from(rate) * 0.032;
            1 << (samples.log2().round().clamp(6.0, 11.0) as u32)
        };
        let frame = self.frame.unwrap_or_else(nearest);
        let spec = Spec {
            rate,
            frame,
            hop: self.hop.unwrap_or(frame / 2),
            bands: self.bands,
            low: self.low,
            high: self.high.unwrap_or(f64::from(rate) * 0.475),
            range: self
                .range
                .map(|range| (range * LEVELS_PER_DB).round() as u8),
            coefficients: self.coefficients,
        };
        spec.check().map(|()| spec)
    }
}

/// The recordings behind a table's rows.
#[derive(Clone, PartialEq, Debug)]
pub struct Sound {
    /// What made the rows.
    pub spec: Spec,
    /// Samples of each recording.
    recordings: Vec<Vec<i16>>,
    /// First row of each, ascending.
    first_rows: Vec<usize>,
}

/// The samples of a part of the data, as the device gets them.
#[derive(Clone, PartialEq, Debug)]
pub struct Sounds {
    /// What makes rows of them.
    pub spec: Spec,
    /// Their bytes, one sample after the other, each with what its first rows reach back to.
    pub bytes: Vec<i8>,
}

impl Sounds {
    /// The front end of a network with so many values of input, without its quantisation: for its price.
    pub fn front(&self, input: usize) -> Front {
        Front {
            spec: self.spec,
            rows: input / self.spec.width(),
            values: Vec::new(),
        }
    }
}

impl Sound {
    /// What the device gets for windows of `rows` rows.
    pub(super) fn of(&self, samples: impl Iterator<Item = Sample>, rows: usize) -> Sounds {
        let mut bytes = Vec::new();
        let hop = self.spec.hop;
        for sample in samples {
            let recording = self.first_rows.partition_point(|&row| row <= sample.row) - 1;
            let (pcm, row) = (
                &self.recordings[recording],
                sample.row - self.first_rows[recording],
            );
            let end = (row + rows) * hop;
            let len = (rows + self.spec.lead()) * hop;
            let silence = len.saturating_sub(end);
            bytes.resize(bytes.len() + 2 * silence, 0);
            for value in &pcm[end - (len - silence)..end] {
                bytes.extend(value.to_le_bytes().map(u8::cast_signed));
            }
        }
        Sounds {
            spec: self.spec,
            bytes,
        }
    }
}

/// Reads recordings.
pub(super) fn read(
    members: &[Member<'_>],
    names: &Names,
    fields: &Fields,
) -> Result<Table, DataError> {
    let wish = &fields.sound;
    let mut recordings = Vec::with_capacity(members.len());
    let (mut rate, mut count) = (wish.rate, 0);
    for member in members {
        let of = |reason: Reason| reason.of(&member.path);
        let (there, samples) = open(&member.path).map_err(of)?;
        let rate = *rate.get_or_insert(there);
        if there != rate && wish.rate.is_none() {
            let first = members[0].file.to_string();
            return Err(of(Reason::Rates { there, rate, first }));
        }
        let samples = match there == rate {
            true => samples,
            false => resample(&samples, there, rate),
        };
        count += samples.len();
        if count > SAMPLES {
            let limit = (SAMPLES as u64 * 2) >> 20;
            return Err(of(Reason::TooLarge { limit }));
        }
        recordings.push(
            samples
                .iter()
                .map(|x| x.round().clamp(-32768.0, 32767.0) as i16)
                .collect(),
        );
    }
    let of_all = |what: String| {
        let first = members.first().map(|member| member.path.clone());
        Reason::Front { what }.of(first.unwrap_or_default())
    };
    let spec = wish.spec(rate.unwrap_or_default()).map_err(of_all)?;
    if wish.window == 0 {
        let what = "`window` in [data] is missing: how many rows of the front end make a sample";
        return Err(of_all(what.into()));
    }
    let tables = Tables::new(&spec).map_err(of_all)?;
    let mut table = Table::of_files(vec![spec.bands], names);
    let (mut kept, mut first_rows) = (Vec::new(), Vec::new());
    for (samples, member) in recordings.into_iter().zip(members) {
        let samples = match wish.single {
            true => fit(samples, wish.window * spec.hop),
            false => samples,
        };
        let levels = spec.rows(&tables, &samples);
        first_rows.push(table.rows());
        for _ in 0..levels.len() / spec.bands {
            table.push_file(member.file, &member.named);
        }
        table.values.extend(levels.into_iter().map(f32::from));
        kept.push(samples);
    }
    if table.series.is_none() {
        // Windows never span two recordings.
        table.series = table.files.clone();
    }
    table.sound = Some(Sound {
        spec,
        recordings: kept,
        first_rows,
    });
    Ok(table)
}

#[cfg(test)]
mod tests;
