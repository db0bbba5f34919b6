//! Recordings as rows of levels, by the same integers as on the device ([`ember_codegen::front`]). Channels are
//! averaged; other rates are resampled by a windowed sinc.

use std::f64::consts::PI;
use std::path::Path;

use ember_codegen::front::{Front, LEVELS_PER_DB, Spec, Tables};
use hound::{SampleFormat, WavReader};

use super::error::{DataError, Reason};
use super::folder::Member;
use super::names::Names;
use super::table::{Fields, Table};
use super::window::Sample;

/// Most samples of all recordings: half a gigabyte.
const SAMPLES: usize = 1 << 28;
/// Zeros of the sinc on each side.
const ZEROS: f64 = 12.0;

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

/// The rate of a file and its samples, channels averaged, in steps of 16 bits.
fn open(path: &Path) -> Result<(u32, Vec<f32>), Reason> {
    let bad = |error: hound::Error| Reason::format("wav", error.to_string());
    let mut reader = WavReader::open(path).map_err(bad)?;
    let format = reader.spec();
    let channels = usize::from(format.channels.max(1));
    let values: Vec<f32> = match format.sample_format {
        SampleFormat::Int => {
            let scale = (16.0 - f32::from(format.bits_per_sample)).exp2();
            let samples = reader.samples::<i32>();
            samples
                .map(|sample| Ok(sample? as f32 * scale))
                .collect::<Result<_, _>>()
        }
        SampleFormat::Float => {
            let samples = reader.samples::<f32>();
            samples.map(|sample| Ok(sample? * 32768.0)).collect()
        }
    }
    .map_err(bad)?;
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        return Err(Reason::format("wav", format!("sample {at} is not finite")));
    }
    if format.sample_rate == 0 {
        return Err(Reason::format("wav", "its rate is 0"));
    }
    let mean = |frame: &[f32]| frame.iter().sum::<f32>() / channels as f32;
    Ok((
        format.sample_rate,
        values.chunks_exact(channels).map(mean).collect(),
    ))
}

/// Samples at another rate: a sinc below the lower of both Nyquist frequencies, under a Hann window.
fn resample(samples: &[f32], from: u32, to: u32) -> Vec<f32> {
    let step = f64::from(from) / f64::from(to);
    let cutoff = (1.0 / step).min(1.0);
    let reach = ZEROS / cutoff;
    let len = (samples.len() as f64 / step) as usize;
    let at = |index: usize| {
        let centre = index as f64 * step;
        let first = (centre - reach).ceil().max(0.0) as usize;
        let last = ((centre + reach) as usize + 1).min(samples.len());
        let window = samples.get(first..last).unwrap_or_default();
        let sum: f64 = window
            .iter()
            .zip(first..)
            .map(|(&sample, place)| {
                let x = place as f64 - centre;
                let hann = 0.5 + 0.5 * (PI * x / reach).cos();
                let phase = PI * x * cutoff;
                let sinc = if phase == 0.0 {
                    1.0
                } else {
                    phase.sin() / phase
                };
                f64::from(sample) * hann * sinc * cutoff
            })
            .sum();
        sum as f32
    };
    (0..len).map(at).collect()
}

/// The middle of a recording, or the recording in the middle of silence.
fn fit(mut samples: Vec<i16>, len: usize) -> Vec<i16> {
    if samples.len() > len {
        let start = (samples.len() - len) / 2;
        return samples[start..start + len].to_vec();
    }
    let before = (len - samples.len()) / 2;
    let mut fitted = vec![0; before];
    fitted.append(&mut samples);
    fitted.resize(len, 0);
    fitted
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::data::read_table;

    /// A tone on all channels.
    fn wav(path: &Path, rate: u32, channels: u16, bits: u16, seconds: f64) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: bits,
            sample_format: SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        let full = f64::from(bits - 1).exp2() * 0.5;
        for at in 0..(seconds * f64::from(rate)) as usize {
            let value = full * (2.0 * PI * 1000.0 * at as f64 / f64::from(rate)).sin();
            for _ in 0..channels {
                writer.write_sample(value as i32).unwrap();
            }
        }
        writer.finalize().unwrap();
    }

    fn fields() -> Fields {
        Fields {
            names: Some("{label}_{group}_*".into()),
            sound: Wish {
                bands: 16,
                low: 100.0,
                window: 30,
                single: true,
                ..Wish::default()
            },
            ..Fields::default()
        }
    }

    #[test]
    fn recordings_become_rows() {
        let dir = tempfile::tempdir().unwrap();
        wav(&dir.path().join("a_ann_0.wav"), 8000, 1, 16, 0.2);
        wav(&dir.path().join("b_bob_0.wav"), 8000, 2, 24, 1.5);
        let table = read_table(dir.path(), None, &fields()).unwrap();
        assert_eq!((table.row_shape.as_slice(), table.rows()), (&[16][..], 60));
        assert_eq!(table.groups.as_ref().unwrap().names, ["ann", "bob"]);
        // The middles of both hold the same tone, equally loud; the short one has silence around it.
        let middle = |row: usize| &table.values[row * 16..row * 16 + 16];
        let close = middle(15)
            .iter()
            .zip(middle(45))
            .filter(|(a, _)| **a > 100.0);
        assert!(close.clone().count() > 0);
        assert!(close.clone().all(|(a, b)| (a - b).abs() <= 1.0));
        assert!(middle(0).iter().all(|&level| level == 0.0));
    }

    #[test]
    fn other_rates_are_resampled_or_refused() {
        let dir = tempfile::tempdir().unwrap();
        wav(&dir.path().join("a_ann_0.wav"), 8000, 1, 16, 1.0);
        wav(&dir.path().join("b_bob_0.wav"), 11025, 1, 16, 1.0);
        let error = read_table(dir.path(), None, &fields())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("b_bob_0.wav") && error.contains("11025") && error.contains("8000"),
            "{error}"
        );
        let mut fields = fields();
        fields.sound.rate = Some(8000);
        let table = read_table(dir.path(), None, &fields).unwrap();
        let rows = table.values.chunks(16).skip(10).take(10);
        let others = table.values.chunks(16).skip(40).take(10);
        for (a, b) in rows.flatten().zip(others.flatten()) {
            assert!((a - b).abs() <= 2.0 || a.max(*b) < 100.0, "{a} {b}");
        }
    }

    #[test]
    fn what_the_device_gets_makes_the_same_rows() {
        let dir = tempfile::tempdir().unwrap();
        wav(&dir.path().join("a_ann_0.wav"), 8000, 1, 16, 1.0);
        let mut fields = fields();
        (fields.sound.single, fields.sound.hop) = (false, Some(100));
        let table = read_table(dir.path(), None, &fields).unwrap();
        let sound = table.sound.as_ref().unwrap();
        let tables = Tables::new(&sound.spec).unwrap();
        for row in [0, 1, 7, 20] {
            let sample = Sample {
                row,
                long_row: None,
                label: 0,
                group: None,
                unit: 0,
            };
            let sounds = sound.of([sample].into_iter(), 30);
            let mut front = sounds.front(30 * 16);
            front.values = (0..=255u8).map(u8::cast_signed).collect();
            let rows = front.input(&tables, &sounds.bytes);
            let expected = &table.values[row * 16..(row + 30) * 16];
            let rows: Vec<f32> = rows.iter().map(|x| f32::from(x.cast_unsigned())).collect();
            assert_eq!(rows, expected, "window from row {row}");
        }
        std::fs::write(dir.path().join("a_ann_1.wav"), b"RIFF").unwrap();
        let error = read_table(dir.path(), None, &fields)
            .unwrap_err()
            .to_string();
        assert!(error.contains("a_ann_1.wav: not a valid wav"), "{error}");
    }
}
