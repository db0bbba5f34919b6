//! Results that replicate: the best networks of the search are trained again, each with several seeds,
//! on the training set alone, and judged on the validation set. One run says little (a network that won
//! by one run may have won by luck), so the choice is by mean − deviation. The test set is not touched.
//!
//! Each run is recorded as soon as it is over; a run that was interrupted is done again from its seed.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ember_ir::Graph;
use ember_search::{Scored, choose};
use ember_train::{FinalRecipe, FinalizeError, Recipe, Step, Supervision, TrainError, finalize};
use serde::{Deserialize, Serialize};

use super::search::{self, Found};
use super::state::State;
use crate::config::Job;
use crate::data::Parts;
use crate::interrupt::CANCEL;
use crate::progress::Progress;
use crate::{Error, files, hash};

/// What one run of a finalist came to, on the validation set.
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

/// A network that was trained again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Finalist {
    /// Its number in the search.
    pub candidate: u64,
    /// Its int8 validation accuracy in the search.
    pub searched: f32,
    /// Its runs.
    pub replicas: Vec<Replica>,
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

    /// `97.31 ± 0.42 %`.
    pub fn percent(&self) -> String {
        format!("{:.2} ± {:.2} %", 100.0 * self.mean, 100.0 * self.deviation)
    }
}

impl Finalist {
    /// Over its runs, in f32.
    pub fn float(&self) -> Spread {
        Spread::of(
            &self
                .replicas
                .iter()
                .map(|r| r.accuracy_float)
                .collect::<Vec<_>>(),
        )
    }

    /// Over its runs, in int8.
    pub fn int8(&self) -> Spread {
        Spread::of(
            &self
                .replicas
                .iter()
                .map(|r| r.accuracy_int8)
                .collect::<Vec<_>>(),
        )
    }

    /// What it is chosen by.
    pub fn worth(&self) -> f32 {
        self.int8().mean - self.int8().deviation
    }
}

/// All finalists and the choice.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Finals {
    /// In the search's order: its own choice first.
    pub finalists: Vec<Finalist>,
    /// Index of the chosen one.
    pub chosen: usize,
}

impl Finals {
    /// The chosen finalist.
    pub fn winner(&self) -> &Finalist {
        &self.finalists[self.chosen]
    }

    /// Why this one, for people.
    pub fn why(&self) -> String {
        let winner = self.winner();
        let runs = winner.replicas.len();
        let among = match self.finalists.len() {
            1 => "the search's choice".to_string(),
            count => format!("of {count} finalists the best by mean - deviation"),
        };
        format!(
            "{among}: {} int8, {} float on the validation set over {runs} seeds",
            winner.int8().percent(),
            winner.float().percent()
        )
    }
}

/// The search's result with the finals' choice in the place of its own, and the finals if there were any.
pub fn replicate(
    job: &Job,
    parts: &Parts,
    found: Found,
    recipe: &Recipe,
    state: &State,
    progress: Progress,
) -> Result<(Found, Option<Finals>), Error> {
    if job.train.seeds == 0 {
        return Ok((found, None));
    }
    let space = search::space(job, parts.shape(), parts.classes().len())?;
    let tie = search::settings(job).tie;
    let ranked = choose::rank(&found.outcome.scored, &search::constraints(job), tie);
    let finalists: Vec<(&Scored, Graph)> = ranked
        .into_iter()
        .take(job.train.finalists)
        .map(|scored| (scored, space.build(&scored.architecture)))
        .collect();
    let units: Vec<Unit<'_>> = finalists
        .iter()
        .flat_map(|(scored, graph)| {
            (0..job.train.seeds as u64).map(move |run| Unit {
                scored,
                graph,
                seed: scored.seed.wrapping_add(run),
            })
        })
        .collect();
    let mut replicas = run_all(job, parts, &units, recipe, state, progress)?.into_iter();
    let finalists: Vec<Finalist> = finalists
        .iter()
        .map(|(scored, _)| Finalist {
            candidate: scored.id.0,
            searched: scored.score.accuracy,
            replicas: replicas.by_ref().take(job.train.seeds).collect(),
        })
        .collect();
    let finals = Finals {
        chosen: best(&finalists),
        finalists,
    };
    if finals
        .winner()
        .replicas
        .iter()
        .any(|replica| replica.steps.is_empty())
    {
        return Err(Error::failed(
            "every finalist diverged in training; lower `learning_rate` in [train]",
        ));
    }
    progress.say(format!("{:>9} {}", "finals", finals.why()));
    let winner = finals.winner().candidate;
    let chosen = found.outcome.scored.iter().find(|s| s.id.0 == winner);
    let chosen = chosen.unwrap_or(&found.chosen).clone();
    let graph = space.build(&chosen.architecture);
    let outcome = found.outcome;
    Ok((
        Found {
            outcome,
            chosen,
            graph,
        },
        Some(finals),
    ))
}

/// The first of the best.
fn best(finalists: &[Finalist]) -> usize {
    let mut best = 0;
    for (index, finalist) in finalists.iter().enumerate() {
        if finalist.worth() > finalists[best].worth() {
            best = index;
        }
    }
    best
}

/// One run of one finalist.
struct Unit<'a> {
    scored: &'a Scored,
    graph: &'a Graph,
    seed: u64,
}

/// Every run, those that are recorded excepted, as many at a time as there are cores.
fn run_all(
    job: &Job,
    parts: &Parts,
    units: &[Unit<'_>],
    recipe: &Recipe,
    state: &State,
    progress: Progress,
) -> Result<Vec<Replica>, Error> {
    let train_parts = ember_train::Parts::new(
        parts.train.clone(),
        &parts.calibration,
        &parts.validation,
        parts.normalization.clone(),
    );
    let training = Recipe {
        epochs: job.train.final_epochs,
        ..recipe.clone()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let recipe = FinalRecipe {
        // The last run has the machine to itself.
        workers: cores,
        ..FinalRecipe::new(training, job.train.teachers)
    };
    let paths: Vec<_> = units
        .iter()
        .map(|unit| state.replica(&key(job, unit, state)))
        .collect();
    let known: Vec<Option<Replica>> = paths.iter().map(|path| recorded(path)).collect();
    let left: Vec<usize> = (0..units.len()).filter(|&i| known[i].is_none()).collect();
    if left.is_empty() {
        return Ok(known.into_iter().flatten().collect());
    }
    let epochs = recipe.training.epochs * (recipe.teachers + 1) + recipe.tuning.epochs;
    let stage = progress.stage("finals", (epochs * left.len()) as u64);
    let done = AtomicUsize::new(0);
    let supervision = Supervision {
        cancel: &CANCEL,
        progress: &|_, _| {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            stage.at(done as u64, "epochs");
        },
    };
    let next = AtomicUsize::new(0);
    let results = Mutex::new(known.into_iter().map(|k| k.map(Ok)).collect::<Vec<_>>());
    let work = || {
        while let Some(&index) = left.get(next.fetch_add(1, Ordering::Relaxed)) {
            let unit = &units[index];
            let result = finalize(unit.graph, &train_parts, &recipe, unit.seed, supervision);
            let result = replica(unit.seed, result).and_then(|replica| {
                record(&paths[index], &replica)?;
                Ok(replica)
            });
            let mut results = results
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            results[index] = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..cores.min(left.len()) {
            scope.spawn(work);
        }
    });
    let results = results
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let replicas: Vec<Replica> = results.into_iter().flatten().collect::<Result<_, _>>()?;
    stage.done(format!("{} runs of {epochs} epochs", left.len()));
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
        Err(FinalizeError::Train(TrainError::Cancelled)) => Err(Error::Interrupted),
        Err(error) => Err(Error::tool(format!(
            "a finalist cannot be trained: {error}"
        ))),
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
fn key(job: &Job, unit: &Unit<'_>, state: &State) -> String {
    let texts = [
        state.key.clone(),
        format!("{:?} {}", unit.scored.architecture, unit.seed),
        format!("{} {}", job.train.final_epochs, job.train.teachers),
    ];
    hash::of(&texts.each_ref().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finalist(candidate: u64, accuracies: &[f32]) -> Finalist {
        let replica = |&accuracy| Replica {
            seed: 1,
            accuracy_float: accuracy,
            accuracy_int8: accuracy,
            steps: Vec::new(),
        };
        Finalist {
            candidate,
            searched: 0.5,
            replicas: accuracies.iter().map(replica).collect(),
        }
    }

    #[test]
    fn the_spread_is_that_of_a_sample() {
        let spread = Spread::of(&[0.5, 0.7, 0.9]);
        assert!((spread.mean - 0.7).abs() < 1e-6 && (spread.deviation - 0.2).abs() < 1e-6);
        assert_eq!(Spread::of(&[0.5]).deviation, 0.0);
        assert_eq!(spread.percent(), "70.00 ± 20.00 %");
    }

    #[test]
    fn a_steady_finalist_beats_a_lucky_one() {
        let lucky = finalist(1, &[0.99, 0.80, 0.91]);
        let steady = finalist(2, &[0.88, 0.89, 0.90]);
        assert_eq!(best(&[lucky.clone(), steady.clone()]), 1);
        assert_eq!(best(&[steady.clone(), lucky]), 0);
        assert_eq!(best(&[steady.clone(), steady]), 0);
    }
}
