//! Trains the chosen network for good and judges it on the test set, which nothing has seen before.

use std::sync::atomic::{AtomicUsize, Ordering};

use ember_train::predict::predict;
use ember_train::{Supervision, Training, anomaly_scores};

use super::anomaly::Threshold;
use super::finalists::Finals;
use super::replica::{Finish, failed};
use super::search::Found;
use super::state::{Kept, State};
use super::trained::{Record, Trained};
use crate::config::{Job, TaskJob};
use crate::data::Parts;
use crate::interrupt::CANCEL;
use crate::progress::Progress;
use crate::{Error, hash};

/// Trains the network that the search or the finals chose, or reads what an earlier run has trained.
pub fn train(
    job: &Job,
    parts: &Parts,
    found: &Found,
    finals: Option<&Finals>,
    finish: &Finish,
    state: &State,
    progress: Progress,
) -> Result<Trained, Error> {
    let dir = state.final_dir(&key(job, found, finish, state));
    if let Some(trained) = Trained::load(&dir, &job.name) {
        progress.say(format!("{:>9} done in an earlier run", "train"));
        return Ok(trained);
    }
    let train_parts = parts.for_deployment();
    let stage = progress.stage("train", finish.epochs() as u64);
    let done = AtomicUsize::new(0);
    let training = Training {
        graph: &found.graph,
        parts: &train_parts,
        recipe: &finish.recipe,
        seed: found.chosen.seed,
        teachers: finish.teachers(0),
        keep: &Kept::of_all(state),
        supervision: Supervision {
            cancel: &CANCEL,
            progress: &|epochs| {
                let done = done.fetch_add(epochs, Ordering::Relaxed) + epochs;
                stage.at(done as u64, "epochs");
            },
        },
    };
    let result = training.finish(&finish.reduction).map_err(failed)?;
    let test = parts.test.normalized(&parts.normalization);
    let scores = predict(&result.float_graph, &test).map_err(Error::tool)?;
    let threshold = match &job.task {
        TaskJob::Classification => None,
        TaskJob::Anomaly { false_alarms, .. } => {
            let judge = &train_parts.validation;
            let scores = anomaly_scores(&result.quant_graph, judge).map_err(Error::tool)?;
            Some(Threshold::of(&scores, &judge.labels, *false_alarms))
        }
    };
    let trained = Trained {
        record: Record {
            accuracy_float: test.figure(&scores),
            accuracy_int8: test.int8_figure(&result.quant_graph).map_err(Error::tool)?,
            metric: test.metric(),
            threshold,
            // Whole milliseconds read back from JSON as what they were.
            search_seconds: found.outcome.elapsed.as_millis() as f64 / 1000.0,
            why: finals.map_or_else(|| found.outcome.why.clone(), Finals::why),
            steps: result.steps,
        },
        network: result.quant_graph,
    };
    trained.save(&dir, &job.name)?;
    stage.done(format!(
        "test {} {:.2} % float, {:.2} % int8",
        trained.record.metric.name(),
        100.0 * trained.record.accuracy_float,
        100.0 * trained.record.accuracy_int8
    ));
    Ok(trained)
}

/// Everything that the final training depends on beyond the search.
fn key(job: &Job, found: &Found, finish: &Finish, state: &State) -> String {
    let texts = [
        state.key.clone(),
        format!("{:?} {}", found.chosen.architecture, found.chosen.seed),
        finish.key(),
        // The record says why.
        format!("{} {}", job.train.finalists, job.train.seeds),
    ];
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    // It has the threshold.
    let task = format!("{:?}", job.task);
    match job.task {
        TaskJob::Classification => {}
        TaskJob::Anomaly { .. } => texts.push(&task),
    }
    hash::of(&texts)
}
