//! Runs of networks with several seeds, on the training set alone, judged on the validation set. Each run
//! is recorded as soon as it is over; a run that was interrupted is done again from its seed.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ember_ir::Graph;
use ember_train::{
    FinalRecipe, FinalizeError, Reduction, Step, Supervision, Teachers, TrainError, Training,
};
use serde::{Deserialize, Serialize};

use super::state::{Kept, State};
use crate::config::Job;
use crate::data::Parts;
use crate::interrupt::CANCEL;
use crate::progress::Progress;
use crate::{Error, files, hash};

/// What one run came to, on the validation set.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Replica {
    /// Its seed.
    pub seed: u64,
    /// Accuracy in f32.
    pub accuracy_float: f32,
    /// Accuracy in int8; 0 if the training diverged.
    pub accuracy_int8: f32,
    /// What each way to quantise gave; none if the training diverged.
    pub steps: Vec<Step>,
}

/// Mean and deviation of several runs.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f32,
    /// Standard deviation of a sample (n − 1); 0 for a single run.
    pub deviation: f32,
}

impl Spread {
    /// Of these values; of none it is 0 ± 0.
    pub fn of(values: &[f32]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / count.max(1.0);
        let squares = values.iter().map(|&x| (f64::from(x) - mean).powi(2));
        let variance = squares.sum::<f64>() / (count - 1.0).max(1.0);
        Self {
            mean: mean as f32,
            deviation: variance.sqrt() as f32,
        }
    }

    /// Of one figure of several runs.
    pub fn over(replicas: &[Replica], figure: fn(&Replica) -> f32) -> Self {
        Self::of(&replicas.iter().map(figure).collect::<Vec<_>>())
    }

    /// What networks are chosen by.
    pub fn worth(&self) -> f32 {
        self.mean - self.deviation
    }

    /// `97.31 ± 0.42 %`.
    pub fn percent(&self) -> String {
        format!("{:.2} ± {:.2} %", 100.0 * self.mean, 100.0 * self.deviation)
    }
}

/// How networks are finished.
#[derive(Clone, Debug)]
pub struct Finish {
    /// How they are trained.
    pub recipe: FinalRecipe,
    /// Whom they learn from on each fold of the data, if not from runs of their own.
    pub teachers: Option<Arc<[Teachers]>>,
    /// What is taken out of them.
    pub reduction: Reduction,
}

impl Finish {
    /// Epochs of a run.
    pub fn epochs(&self) -> usize {
        self.recipe.epochs(&self.reduction, self.teachers.is_some())
    }

    /// Whom a run on this fold learns from, if not from runs of its own.
    pub fn teachers(&self, fold: usize) -> Option<&Teachers> {
        self.teachers.as_ref().map(|teachers| &teachers[fold])
    }

    /// Everything that a run depends on beside topology, seed and data.
    pub fn key(&self) -> String {
        let recipe = FinalRecipe {
            workers: 0,
            ..self.recipe.clone()
        };
        let keys = |teachers: &Arc<[Teachers]>| -> Vec<String> {
            teachers
                .iter()
                .map(|teachers| teachers.key.clone())
                .collect()
        };
        let teachers = self.teachers.as_ref().map(keys);
        format!("{recipe:?} {teachers:?} {:?}", self.reduction)
    }
}

/// One run of one network.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The topology, before anything is taken out.
    pub graph: &'a Graph,
    /// Of everything random.
    pub seed: u64,
    /// The fold of the data: the first is 0.
    pub fold: usize,
    /// How.
    pub finish: &'a Finish,
}

/// The runs that judge a network: a seed each, at least one, and the folds of the data in turn.
pub fn judging<'a>(
    job: &Job,
    parts: &Parts,
    graph: &'a Graph,
    first_seed: u64,
    finish: &'a Finish,
) -> impl Iterator<Item = Run<'a>> {
    let folds = 1 + parts.other_folds.len();
    (0..job.train.seeds.max(1)).map(move |run| Run {
        graph,
        seed: first_seed.wrapping_add(run as u64),
        fold: run % folds,
        finish,
    })
}

/// Every run, those that are recorded excepted, as many at a time as there are cores.
pub fn run_all(
    parts: &Parts,
    runs: &[Run<'_>],
    state: &State,
    name: &str,
    progress: Progress,
) -> Result<Vec<Replica>, Error> {
    let paths: Vec<_> = runs
        .iter()
        .map(|run| state.replica(&key(run, state)))
        .collect();
    let known: Vec<Option<Replica>> = paths.iter().map(|path| recorded(path)).collect();
    let left: Vec<usize> = (0..runs.len()).filter(|&i| known[i].is_none()).collect();
    if left.is_empty() {
        return Ok(known.into_iter().flatten().collect());
    }
    let folds = parts.folds();
    let epochs: usize = left.iter().map(|&index| runs[index].finish.epochs()).sum();
    let stage = progress.stage(name, epochs as u64);
    let done = AtomicUsize::new(0);
    let supervision = Supervision {
        cancel: &CANCEL,
        progress: &|epochs| {
            let done = done.fetch_add(epochs, Ordering::Relaxed) + epochs;
            stage.at(done as u64, "epochs");
        },
    };
    let next = AtomicUsize::new(0);
    let results = Mutex::new(known.into_iter().map(|k| k.map(Ok)).collect::<Vec<_>>());
    let work = || {
        while let Some(&index) = left.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Run {
                graph,
                seed,
                fold,
                finish,
            } = runs[index];
            let training = Training {
                graph,
                parts: &folds[fold],
                recipe: &finish.recipe,
                seed,
                teachers: finish.teachers(fold),
                keep: &Kept::of_training(state, fold),
                supervision,
            };
            let result = replica(seed, training.finish(&finish.reduction)).and_then(|replica| {
                record(&paths[index], &replica)?;
                Ok(replica)
            });
            let mut results = results
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            results[index] = Some(result);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(left.len()) {
            scope.spawn(work);
        }
    });
    let results = results
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let replicas: Vec<Replica> = results.into_iter().flatten().collect::<Result<_, _>>()?;
    stage.done(format!("{} runs, {epochs} epochs", left.len()));
    Ok(replicas)
}

/// A run's record; one that diverged has no steps and no accuracy.
fn replica(
    seed: u64,
    result: Result<ember_train::Trained, FinalizeError>,
) -> Result<Replica, Error> {
    match result {
        Ok(trained) => Ok(Replica {
            seed,
            accuracy_float: trained.accuracy_float,
            accuracy_int8: trained.accuracy_int8,
            steps: trained.steps,
        }),
        Err(FinalizeError::Train(TrainError::Diverged { .. })) => Ok(Replica {
            seed,
            accuracy_float: 0.0,
            accuracy_int8: 0.0,
            steps: Vec::new(),
        }),
        Err(error) => Err(failed(error)),
    }
}

/// Why there is no trained network.
pub fn failed(error: FinalizeError) -> Error {
    match error {
        FinalizeError::Train(TrainError::Cancelled) => Error::Interrupted,
        FinalizeError::Train(error @ TrainError::Diverged { .. }) => {
            Error::failed(format!("{error}; lower `learning_rate` in [train]"))
        }
        error => Error::tool(format!("a network cannot be trained: {error}")),
    }
}

fn recorded(path: &Path) -> Option<Replica> {
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

fn record(path: &Path, replica: &Replica) -> Result<(), Error> {
    let json = serde_json::to_string_pretty(replica)
        .unwrap_or_else(|error| panic!("BUG: a replica is always JSON: {error}"));
    files::write(path, json.as_bytes())
}

/// Everything that a run depends on.
fn key(run: &Run<'_>, state: &State) -> String {
    let fold = match run.fold {
        0 => String::new(),
        fold => format!(" fold {fold}"),
    };
    hash::of(&[
        &state.key,
        &format!("{:?} {}{fold}", run.graph, run.seed),
        &run.finish.key(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_a_sample() {
        let spread = Spread::of(&[0.5, 0.7, 0.9]);
        assert!((spread.mean - 0.7).abs() < 1e-6 && (spread.deviation - 0.2).abs() < 1e-6);
        assert_eq!(Spread::of(&[0.5]).deviation, 0.0);
        assert_eq!(spread.percent(), "70.00 ± 20.00 %");
    }
}
