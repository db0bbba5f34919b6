//! The front end for recordings, and how much of one makes a sample.

use std::collections::BTreeMap;
use std::path::Path;

use hound::WavReader;

use super::{Guess, Question};
use crate::Error;
use crate::data::folder::Listing;
use crate::data::sound::Wish;

/// Longest sample, in seconds.
const LONGEST: f64 = 1.5;
/// Part of the recordings that a sample holds as a whole.
const WHOLE: f64 = 0.95;
/// The state of the front end and its window take this part of the RAM at most.
const RAM: usize = 2;

pub(super) fn guess(
    question: &Question<'_>,
    dir: &Path,
    listing: &Listing,
    guess: &mut Guess,
) -> Result<Wish, Error> {
    let mut rates: BTreeMap<u32, usize> = BTreeMap::new();
    let mut seconds = Vec::with_capacity(listing.files.len());
    for file in &listing.files {
        let path = dir.join(file);
        let reader = WavReader::open(&path).map_err(|error| {
            Error::usage(format!("{}: not a valid wav file: {error}", path.display()))
        })?;
        let rate = reader.spec().sample_rate.max(1);
        *rates.entry(rate).or_default() += 1;
        seconds.push(f64::from(reader.duration()) / f64::from(rate));
    }
    // What most have; the higher of equally many.
    let common = rates.iter().max_by_key(|(_, count)| **count);
    let rate = common.map_or(8000, |(&rate, _)| rate).min(16_000);
    let why = match rates.len() {
        1 => "As the recordings have it".to_string(),
        several => format!("They have {several} rates: the most common one"),
    };
    let why = format!("{why}, 16000 at most; the device needs the same.");
    guess.set("audio", "rate", i64::from(rate), why);
    let mut wish = Wish {
        rate: Some(rate),
        bands: if rate < 12_000 { 24 } else { 32 },
        low: 80.0,
        range: Some(60.0),
        single: true,
        ..Wish::default()
    };
    let mut spec = wish.spec(rate).map_err(Error::usage)?;
    let ram = question.board.ram.bytes as usize / RAM;
    seconds.sort_by(f64::total_cmp);
    let at = ((seconds.len() as f64 * WHOLE) as usize).min(seconds.len().saturating_sub(1));
    let whole = seconds.get(at).copied().unwrap_or(LONGEST);
    let rows = |length: f64, hop: usize| (length * f64::from(rate) / hop as f64).ceil() as usize;
    let length = whole.min(LONGEST);
    // Longer steps where levels would fill the RAM: twice each, in the network and before it.
    let takes = |hop: usize| 6 * spec.frame + 2 * hop + 2 * rows(length, hop) * spec.bands;
    while spec.hop < spec.frame && takes(spec.hop) > ram {
        spec.hop *= 2;
    }
    guess.set(
        "audio",
        "frame",
        spec.frame as i64,
        format!(
            "{:.0} ms, about a pitch period of the lowest voice twice over.",
            1000.0 * spec.frame as f64 / f64::from(rate)
        ),
    );
    let why = format!("Each {} samples make a row of levels.", spec.hop);
    guess.set("audio", "hop", spec.hop as i64, why);
    guess.set(
        "audio",
        "bands",
        spec.bands as i64,
        "Enough for speech at this rate.",
    );
    let why = "Loudness says more about the microphone than about the class.";
    guess.set("audio", "loudness", "relative", why);
    wish.frame = Some(spec.frame);
    wish.hop = Some(spec.hop);
    wish.window = rows(length, spec.hop).max(8);
    let span = wish.window as f64 * spec.hop as f64 / f64::from(rate);
    let why = if whole > LONGEST {
        wish.single = false;
        format!("The recordings are long: each {span:.2} s of them are a sample.")
    } else {
        let percent = 100.0 * WHOLE;
        format!(
            "Rows of {span:.2} s: {percent} % of the recordings are no longer; each is one sample."
        )
    };
    guess.set("data", "window", wish.window as i64, why);
    if !wish.single {
        let why = "Rows from one sample to the next: half of one.";
        guess.set("data", "hop", wish.window.div_ceil(2) as i64, why);
    }
    Ok(wish)
}
