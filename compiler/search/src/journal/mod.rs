//! The append-only record of a search: one JSON object per line and event. A search is resumed by
//! asking its questions again: the strategy is deterministic, and results come from the record as
//! long as it has them. So nothing of a strategy's inner state is ever written, and a journal that
//! ends anywhere, even in the middle of a line, leads to the same end as one that was never cut.
//!
//! Events: `header` (once), `prepared` (once, with strategies that train a supernet), `started`, `scored` or `failed` per trial, `stopped`. A trial is one
//! evaluation; trials are numbered in the order of the questions, lines come in the order of events.
//! `elapsed_ms` is time spent searching, over all sessions.

mod event;
mod history;

pub use event::{Event, Verdict};
pub use history::{History, JournalError};

use std::io;

/// The events of a journal line by line, each with the length of its line; a line that a crash cut, or that
/// is being written, ends them.
pub fn events(journal: &[u8]) -> impl Iterator<Item = Result<(Event, usize), JournalError>> + '_ {
    let lines = journal.split_inclusive(|&byte| byte == b'\n');
    let whole = lines.take_while(|line| line.last() == Some(&b'\n'));
    whole.enumerate().map(|(index, line)| {
        let event = serde_json::from_slice(line).map_err(|error| JournalError::Line {
            line: index + 1,
            reason: error.to_string(),
        })?;
        Ok((event, line.len()))
    })
}

/// Version of the record's form.
const FORMAT: u32 = 1;

/// Where events go. Must not return before the line is safe from a crash (fsync).
pub trait Sink {
    /// Appends one line, line feed included.
    fn append(&mut self, line: &str) -> io::Result<()>;
}

/// Keeps the journal in memory.
impl Sink for Vec<u8> {
    fn append(&mut self, line: &str) -> io::Result<()> {
        self.extend_from_slice(line.as_bytes());
        Ok(())
    }
}

/// Says which search a journal belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Hash of everything that results depend on: data, task, limits, settings.
    pub config: String,
    /// The search's seed.
    pub seed: u64,
}

impl Identity {
    /// The first line of this search's journal.
    pub fn header(&self) -> Event {
        Event::Header {
            format: FORMAT,
            config: self.config.clone(),
            seed: self.seed,
        }
    }
}
