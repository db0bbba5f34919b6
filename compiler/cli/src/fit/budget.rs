//! How large the network may be, how long the search and the training take.

use super::shape::{Sample, describe};
use super::{Guess, Question};
use crate::config::size;
use crate::data::Table;

/// Samples that a candidate sees in its training: enough to be ranked.
const SEEN: usize = 60_000;

pub(super) fn guess(question: &Question<'_>, table: &Table, sample: &Sample, guess: &mut Guess) {
    let board = question.board;
    let [flash, ram] = [board.flash.bytes, board.ram.bytes].map(|bytes| bytes as usize);
    let limits = format!(
        "{}: {} of flash and {} of RAM, all of it (limit with flash and ram).",
        board.description,
        size::show(flash),
        size::show(ram)
    );
    guess.set("board", "name", board.name.as_str(), limits);
    let space = match sample.shape.as_slice() {
        _ if sample.is_text => "text",
        [1, _, _] => "cnn1d",
        [_, _, _] => "cnn2d",
        _ => "mlp",
    };
    guess.set("search", "space", space, describe(table, sample));
    let why = "The search ends after so many minutes; the training of its result comes behind it.";
    guess.set("search", "minutes", question.minutes, why);
    let why = "Or after so many networks.";
    guess.set("search", "trials", 200_i64, why);
    guess.set(
        "search",
        "seed",
        1_i64,
        "Everything random follows from it.",
    );
    let samples = sample.count;
    let epochs = (SEEN / samples.max(1)).clamp(4, 30);
    let why = format!(
        "About {samples} samples: a candidate sees {} in all.",
        epochs * samples
    );
    guess.set("train", "epochs", epochs as i64, why);
    let why = "Four times as many for the network that is chosen.";
    guess.set("train", "final_epochs", 4 * epochs as i64, why);
}
