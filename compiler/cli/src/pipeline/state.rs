//! Where a job keeps what it has done, so that the next run goes on from there.
//!
//! ```text
//! <output>/<name>/                         the emitted crate
//! <output>/state/<name>/lock               one run at a time
//! <output>/state/<name>/search-<key>/      journal.jsonl, one line per event
//! <output>/state/<name>/replica-<key>.json what one run of one finalist came to
//! <output>/state/<name>/final-<key>/       <name>.ember and training.json of the chosen network
//! ```
//!
//! A key is a hash of everything that the results in the folder depend on. A changed configuration
//! works in another folder; what was found with the old one stays.

use std::path::PathBuf;

use ember_search::Settings;

use crate::config::{Job, TrainJob};
use crate::data::Parts;
use crate::files::Lock;
use crate::{Error, hash};

/// Results of a job on disk.
pub struct State {
    dir: PathBuf,
    /// Hash of data, board, search and training, without the conditions that only end a search.
    pub key: String,
    _lock: Lock,
}

impl State {
    /// Opens the state of a job and locks it.
    pub fn open(job: &Job, parts: &Parts, settings: &Settings) -> Result<Self, Error> {
        let dir = job.output.join("state").join(&job.name);
        let lock = Lock::take(&dir)?;
        Ok(Self {
            dir,
            key: key(job, parts, settings),
            _lock: lock,
        })
    }

    /// The folder of the search.
    pub fn search_dir(&self) -> PathBuf {
        self.dir.join(format!("search-{}", self.key))
    }

    /// The record of one run of one finalist.
    pub fn replica(&self, key: &str) -> PathBuf {
        self.dir.join(format!("replica-{key}.json"))
    }

    /// The folder of a final training with this key.
    pub fn final_dir(&self, key: &str) -> PathBuf {
        self.dir.join(format!("final-{key}"))
    }
}

fn key(job: &Job, parts: &Parts, settings: &Settings) -> String {
    let settings = Settings {
        stop: ember_search::Stop::default(),
        ..settings.clone()
    };
    // Version, because a journal is only as good as the code that wrote it.
    let texts = [
        env!("CARGO_PKG_VERSION").to_string(),
        job.name.clone(),
        parts.hash.clone(),
        format!("{:?} {:?}", parts.normalization, job.data.axes),
        format!(
            "{:?} {:?} {:?}",
            job.board.board,
            job.board.limits,
            (job.search.instructions, job.search.macs)
        ),
        job.search.space.clone(),
        format!("{settings:?}"),
        format!(
            "{:?}",
            TrainJob {
                final_epochs: 0,
                teachers: 0,
                finalists: 0,
                seeds: 0,
                ..job.train.clone()
            }
        ),
    ];
    hash::of(&texts.each_ref().map(String::as_str))
}
