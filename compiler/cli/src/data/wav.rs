//! WAV files: samples at the wanted rate, in recordings of the wanted length. Channels are averaged; other rates are
//! resampled by a windowed sinc.

use std::f64::consts::PI;
use std::path::Path;

use hound::{SampleFormat, WavReader};

use super::error::Reason;

/// Zeros of the sinc on each side.
const ZEROS: f64 = 12.0;

/// The rate of a file and its samples, channels averaged, in steps of 16 bits.
pub(super) fn open(path: &Path) -> Result<(u32, Vec<f32>), Reason> {
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
pub(super) fn resample(samples: &[f32], from: u32, to: u32) -> Vec<f32> {
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
pub(super) fn fit(mut samples: Vec<i16>, len: usize) -> Vec<i16> {
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
