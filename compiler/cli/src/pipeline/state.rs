//! Where a job keeps what it has done, so that the next run goes on from there.
//!
//! ```text
//! <output>/<name>/                         the emitted crate
//! <output>/state/<name>/lock               one run at a time
//! <output>/state/<name>/search-<key>/      journal.jsonl, one line per event
//! <output>/state/<name>/replica-<key>.json what one run of one finalist came to
//! <output>/state/<name>/final-<key>/       <name>.ember and training.json of the chosen network
//! <output>/state/<name>/weights/<key>.bin  weights of a trained network, f32, that several runs go on from
//! <output>/state/<name>/ablation-<key>.json what each step of compression brings
//! ```
//!
//! A key is a hash of everything that the results in the folder depend on. A changed configuration
//! works in another folder; what was found with the old one stays.

use std::path::PathBuf;

use ember_search::Settings;
use ember_train::Keep;

use crate::config::{Job, TrainJob};
use crate::data::Parts;
use crate::files::{self, Lock};
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

    /// What `emberc ablate` found out.
    pub fn ablation(&self) -> PathBuf {
        self.dir.join(format!("ablation-{}.json", self.key))
    }

    /// The folder of a final training with this key.
    pub fn final_dir(&self, key: &str) -> PathBuf {
        self.dir.join(format!("final-{key}"))
    }
}

/// Weights of networks that were trained on one part of a job's data.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    state: &'a State,
    /// Of the fold whose training set it is; `None`: all samples but the test set's.
    fold: Option<usize>,
}

impl<'a> Kept<'a> {
    /// Of those that were trained on the training set of a fold, the first of which is 0.
    pub fn of_training(state: &'a State, fold: usize) -> Self {
        let fold = Some(fold);
        Self { state, fold }
    }

    /// Of those that were trained on training and validation set.
    pub fn of_all(state: &'a State) -> Self {
        Self { state, fold: None }
    }

    fn path(&self, key: &str) -> PathBuf {
        let data = match self.fold {
            None => "all".to_string(),
            Some(0) => "train".to_string(),
            Some(fold) => format!("train, fold {fold}"),
        };
        let name = hash::of(&[&self.state.key, &data, key]);
        self.state.dir.join("weights").join(format!("{name}.bin"))
    }
}

impl Keep for Kept<'_> {
    fn load(&self, key: &str) -> Option<Vec<f32>> {
        let bytes = std::fs::read(self.path(key)).ok()?;
        let (words, rest) = bytes.as_chunks::<4>();
        rest.is_empty()
            .then(|| words.iter().map(|word| f32::from_le_bytes(*word)).collect())
    }

    fn save(&self, key: &str, values: &[f32]) {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        // Without it the weights are trained again, if they are wanted again.
        drop(files::write(&self.path(key), &bytes));
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
            "{:?} {:?} {:?} {:?}",
            job.board.board,
            job.board.limits,
            (job.search.instructions, job.search.macs),
            (job.board.fed, job.board.hop)
        ),
        format!(
            "{} {:?} {}{}",
            job.search.space,
            job.search.narrowing,
            job.search.inherit,
            templates(job)
        ),
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

fn templates(job: &Job) -> String {
    let graphs = job.search.templates.iter();
    graphs
        .map(|template| ember_ir::text::print_graph(&template.graph))
        .collect()
}
