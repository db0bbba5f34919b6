//! What a sample is: a vector, a picture, or a window of a series.

use super::{Guess, Source, classes};
use crate::data::Table;

/// Rows of a window at most.
const WINDOW: usize = 128;
/// Rows of one class in a row that make a table a series.
const RUN: usize = 64;

/// What a sample is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Sample {
    /// Its shape as the network sees it.
    pub shape: Vec<usize>,
    /// Rows of the table that make a sample; 0: each row is one.
    pub window: usize,
    /// About how many there are.
    pub count: usize,
    /// Whether it is the bytes of a text.
    pub is_text: bool,
}

pub(super) fn guess(table: &Table, source: &Source, guess: &mut Guess) -> Sample {
    if let Some(shape) = &source.fields.shape {
        return Sample {
            shape: shape.clone(),
            window: 0,
            count: table.rows(),
            is_text: false,
        };
    }
    if source.fields.sound.window > 0 {
        let window = source.fields.sound.window;
        return Sample {
            shape: vec![1, window, table.row_shape.iter().product()],
            window,
            count: match source.fields.sound.single {
                true => table.rows() / window,
                false => 2 * table.rows() / window,
            },
            is_text: false,
        };
    }
    if let Some((_, bytes)) = source.fields.text {
        return Sample {
            shape: vec![1, bytes, 1],
            window: 0,
            count: table.rows(),
            is_text: true,
        };
    }
    match table.row_shape.as_slice() {
        &[features] => of_vectors(table, features, guess),
        &[time, channels] => {
            axes(channels, guess);
            Sample {
                shape: vec![1, time, channels],
                window: 0,
                count: table.rows(),
                is_text: false,
            }
        }
        shape => Sample {
            shape: shape.to_vec(),
            window: 0,
            count: table.rows(),
            is_text: false,
        },
    }
}

fn of_vectors(table: &Table, features: usize, guess: &mut Guess) -> Sample {
    let runs = runs(table);
    let shortest = runs.iter().copied().min().unwrap_or(0);
    let is_series = shortest >= RUN && runs.len() >= 2 * table.labels.names.len();
    if is_series || table.series.is_some() && shortest >= 8 {
        // Several windows per recording, a power of two.
        let window = WINDOW.min(shortest / 2).max(4);
        let window = 1 << window.ilog2();
        let why = format!(
            "The rows are a series: a class lasts for {shortest} rows at least; {window} of them make a sample."
        );
        guess.set("data", "window", window as i64, why);
        axes(features, guess);
        return Sample {
            shape: vec![1, window, features],
            window,
            count: 2 * table.rows() / window,
            is_text: false,
        };
    }
    let side = features.isqrt();
    let whole = |value: &f32| value.fract() == 0.0 && (0.0..=255.0).contains(value);
    if side * side == features && side >= 5 && table.values.iter().all(whole) {
        let shape = vec![side, side, 1];
        let why = format!("{features} whole numbers from 0 to 255 are a square picture.");
        let value: Vec<i64> = shape.iter().map(|&dim| dim as i64).collect();
        guess.set("data", "shape", value, why);
        return Sample {
            shape,
            window: 0,
            count: table.rows(),
            is_text: false,
        };
    }
    Sample {
        shape: vec![features],
        window: 0,
        count: table.rows(),
        is_text: false,
    }
}

/// Lengths of the stretches of rows with one label, group and recording.
fn runs(table: &Table) -> Vec<usize> {
    let key = |row: usize| {
        let id = |words: &Option<crate::data::Words>| words.as_ref().map(|words| words.ids[row]);
        (table.labels.ids[row], id(&table.groups), id(&table.series))
    };
    let mut runs = Vec::new();
    for row in 0..table.rows() {
        match runs.last_mut() {
            Some(run) if key(row) == key(row - 1) => *run += 1,
            _ => runs.push(1),
        }
    }
    runs
}

/// Three channels are the axes of a sensor more often than not.
fn axes(channels: usize, guess: &mut Guess) {
    if !matches!(channels, 3 | 6 | 9) {
        return;
    }
    let axes: Vec<Vec<i64>> = (0..channels as i64 / 3)
        .map(|sensor| (3 * sensor..3 * sensor + 3).collect())
        .collect();
    let why =
        format!("{channels} channels of a series are taken for sensors with x, y and z each.");
    guess.set("data", "axes", axes, why);
}

/// A sentence about the samples.
pub(super) fn describe(table: &Table, sample: &Sample) -> String {
    let what = match sample.shape.as_slice() {
        [1, bytes, 1] if sample.is_text => format!("texts of {bytes} bytes"),
        [1, time, channels] => format!("series of {time} steps of {channels} values"),
        [height, width, channels] => format!("pictures of {height}×{width}×{channels}"),
        shape => format!("vectors of {} values", shape.iter().product::<usize>()),
    };
    format!("Samples are {what}, in {}.", classes(table))
}
