//! A checked configuration. Paths are resolved, the board is found, limits are sane; whether the data
//! keeps its promises is for [`crate::data`] to find out.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ember_codegen::cost::Memory;
use ember_codegen::target::{Board, Limits};
use ember_ir::Graph;
use ember_search::space::Narrowing;

use super::board::{any_board, board_choice};
use super::checks::{compress_job, data_job, model_name, train_job};
use super::problem::{Problem, Problems};
use super::search::search_job;
use super::task::task_job;
use super::values::{self, Values};
use super::{Column, Split};
use crate::data::sound::Wish;

/// All that `ember.toml` says.
#[derive(Clone, Debug)]
pub struct Job {
    /// Name of the model: an identifier in snake case.
    pub name: String,
    /// What it does.
    pub task: TaskJob,
    /// The samples.
    pub data: DataJob,
    /// The device.
    pub board: BoardChoice,
    /// How to search.
    pub search: SearchJob,
    /// How to train.
    pub train: TrainJob,
    /// How to make the chosen network smaller.
    pub compress: CompressJob,
    /// Folder for state and results.
    pub output: PathBuf,
    /// The file's name, for messages.
    pub file_name: String,
    /// The file's text, for messages and provenance.
    pub text: String,
    spans: BTreeMap<(&'static str, &'static str), Range<usize>>,
}

/// What the network does.
#[derive(Clone, PartialEq, Debug)]
pub enum TaskJob {
    /// It tells classes apart.
    Classification,
    /// It rebuilds normal samples.
    Anomaly {
        /// Names of the classes of normal samples; all others are anomalies. At least one.
        normal: Vec<String>,
        /// Share of the normal validation samples above the threshold, at most.
        false_alarms: f64,
    },
}

/// `[data]`.
#[derive(Clone, PartialEq, Debug)]
pub struct DataJob {
    /// The samples.
    pub file: PathBuf,
    /// The labels, if in a file of their own.
    pub labels: Option<PathBuf>,
    /// Folder: what the names of its files say.
    pub names: Option<String>,
    /// npz: array of the samples.
    pub input: String,
    /// Where the label is.
    pub label: Option<Column>,
    /// csv: columns that are left out.
    pub ignore: Vec<String>,
    /// csv: the column of texts and how many of their bytes count; `window` is 0 then.
    pub text: Option<(Column, usize)>,
    /// Shape of a sample, if given.
    pub shape: Option<Vec<usize>>,
    /// Names of the classes, if given.
    pub classes: Vec<String>,
    /// Where the group is.
    pub group: Option<Column>,
    /// Where the number of the recording is.
    pub series: Option<Column>,
    /// Rows of a window; 0: rows are samples.
    pub window: usize,
    /// Rows between windows.
    pub hop: usize,
    /// Recordings: a window is all of one.
    pub single: bool,
    /// Recordings: what makes rows of them.
    pub audio: Wish,
    /// Rows by which windows of the training set are longer.
    pub margin: usize,
    /// Channels that are the axes of one sensor.
    pub axes: Vec<[usize; 3]>,
    /// What normalisation learns.
    pub normalize: Normalize,
    /// Judges candidates.
    pub validation: Split,
    /// Judges the result.
    pub test: Split,
}

/// What is learned on the training set to normalise samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Normalize {
    /// By the shape of a sample.
    Auto,
    /// The range of all values to 0..1.
    Range,
    /// Mean 0 and deviation 1 per channel.
    Standard,
    /// Magnitude 1 per sensor, no offset.
    Magnitude,
    /// Nothing.
    None,
}

/// `[board]`.
#[derive(Clone, Debug)]
pub struct BoardChoice {
    /// The board.
    pub board: Board,
    /// What the firmware may take.
    pub limits: Limits,
    /// Whether samples come row by row.
    pub fed: bool,
    /// Steps of a series that come at a time, where the firmware takes them as they come.
    pub hop: Option<usize>,
    /// The text of a board.toml of the user's own.
    pub own_text: Option<String>,
}

impl BoardChoice {
    /// How a network may use the RAM.
    pub fn memory(&self) -> Memory {
        if self.fed {
            Memory::Fed
        } else {
            Memory::Within(self.limits.ram_bytes)
        }
    }
}

/// `[search]`.
#[derive(Clone, PartialEq, Debug)]
pub struct SearchJob {
    /// `auto`, or a name of [`ember_search::SpaceKind`].
    pub space: String,
    /// What of it is allowed: `[space]`.
    pub narrowing: Narrowing,
    /// Networks that the search begins with.
    pub templates: Vec<Template>,
    /// A name of [`ember_search::StrategyKind`].
    pub strategy: String,
    /// Candidates to train at most.
    pub trials: usize,
    /// Wall-clock limit; 0: none.
    pub minutes: f64,
    /// Accuracy in [0, 1] that is enough.
    pub target_accuracy: f32,
    /// Candidates without a gain after which to stop; 0: never.
    pub patience: usize,
    /// Instructions of an inference at most.
    pub instructions: Option<u64>,
    /// Multiply-accumulates of an inference at most.
    pub macs: Option<u64>,
    /// Everything random follows from it.
    pub seed: u64,
    /// Whether the gates of DARTS foresee a step of the weights.
    pub second_order: bool,
    /// Whether untrained networks are looked at.
    pub proxies: bool,
    /// Whether a changed network begins with the weights of the one it was made of.
    pub inherit: bool,
    /// Whether candidates are trained in two steps.
    pub halving: bool,
    /// Whether a copy of half the width is trained in the first of two steps.
    pub proxy_network: bool,
    /// Candidates trained at a time; 0: as many as there are cores.
    pub workers: usize,
}

/// A network of the user's own.
#[derive(Clone, PartialEq, Debug)]
pub struct Template {
    /// The file's name, for messages.
    pub file: String,
    /// Its topology.
    pub graph: Graph,
}

/// `[train]`.
#[derive(Clone, PartialEq, Debug)]
pub struct TrainJob {
    /// Passes for a candidate.
    pub epochs: usize,
    /// Passes for the chosen network.
    pub final_epochs: usize,
    /// Samples per step.
    pub batch: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Probability given away to all classes alike.
    pub label_smoothing: f64,
    /// Whether training samples are varied.
    pub augment: bool,
    /// How strongly; `None` is the default for the shape.
    pub vary: Vary,
    /// Alpha of mixup; 0: off.
    pub mixup: f64,
    /// Runs whose mean opinion the final run learns from.
    pub teachers: usize,
    /// Networks of the search that are trained again.
    pub finalists: usize,
    /// Runs of each of them; 0: none.
    pub seeds: usize,
}

/// `[compress]`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CompressJob {
    /// Whether networks are fine-tuned on their int8 grid.
    pub qat: bool,
    /// Whether a larger network teaches, in the place of runs of the network itself.
    pub larger_teacher: bool,
    /// Share of the channels to go; 0: none.
    pub pruning: f32,
    /// Whether learned masks say which.
    pub masks: bool,
    /// Share of the energy that factorised layers keep; 0: none is factorised.
    pub low_rank: f32,
    /// Whether layers get int4 weights where flash falls.
    pub int4: bool,
    /// Accuracy that these three may cost.
    pub tolerance: f32,
}

/// Strengths of augmentation that the configuration gives.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Vary {
    /// Degrees.
    pub rotation: Option<f32>,
    /// Relative.
    pub scale: Option<f32>,
    /// Pixels.
    pub shift: Option<f32>,
    /// Pixels.
    pub elastic: Option<f32>,
    /// Natural logarithm.
    pub warp: Option<f32>,
    /// Natural logarithm.
    pub speed: Option<f32>,
    /// Deviations of the channel.
    pub noise: Option<f32>,
}

impl Job {
    /// A job from text; `dir` is where relative paths start.
    pub fn parse(text: &str, file_name: &str, dir: &Path) -> Result<Self, Problems> {
        match Self::parse_partly(text, file_name, dir) {
            (Some(job), problems) if problems.is_empty() => Ok(job),
            (_, problems) => Err(Problems::new(file_name, text, problems)),
        }
    }

    /// As much of a job as is needed to look at its data, and all that is wrong so far: with problems, a
    /// job is there only so that those of the data can be found as well.
    pub(crate) fn parse_partly(
        text: &str,
        file_name: &str,
        dir: &Path,
    ) -> (Option<Self>, Vec<Problem>) {
        let (values, mut problems) = values::read(text);
        let job = Self::build(&values, text, file_name, dir, &mut problems);
        (job, problems)
    }

    /// Problems found later, in the text they are about.
    pub fn problems(&self, problems: Vec<Problem>) -> Problems {
        Problems::new(&self.file_name, &self.text, problems)
    }

    /// Where a key stands in the text.
    pub fn span(&self, section: &'static str, name: &'static str) -> Option<Range<usize>> {
        self.spans.get(&(section, name)).cloned()
    }

    fn build(
        values: &Values,
        text: &str,
        file_name: &str,
        dir: &Path,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let name = model_name(values, problems);
        let task = task_job(values, problems);
        let data = data_job(values, dir, problems);
        let board = board_choice(values, dir, problems);
        Some(Self {
            name: name.unwrap_or_else(|| "unnamed".into()),
            task,
            data: data?,
            board: board.or_else(any_board)?,
            search: search_job(values, dir, problems),
            train: train_job(values),
            compress: compress_job(values),
            output: dir.join(values.text("output", "dir").unwrap_or("ember-out")),
            file_name: file_name.to_string(),
            text: text.to_string(),
            spans: values.spans().clone(),
        })
    }
}
