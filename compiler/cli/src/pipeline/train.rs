//! Trains the chosen network for good and judges it on the test set, which nothing has seen before.

use ember_train::predict::{accuracy, predict};
use ember_train::{
    FinalRecipe, FinalizeError, Recipe, Supervision, TrainError, finalize, int8_accuracy,
};

use super::finalists::Finals;
use super::search::Found;
use super::state::State;
use super::trained::{Record, Trained};
use crate::config::Job;
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
    recipe: &Recipe,
    state: &State,
    progress: Progress,
) -> Result<Trained, Error> {
    let dir = state.final_dir(&key(job, found, state));
    if let Some(trained) = Trained::load(&dir, &job.name) {
        progress.say(format!("{:>9} done in an earlier run", "train"));
        return Ok(trained);
    }
    // The validation set has done its work in the search and the finals: now its samples train as well.
    let train_parts = ember_train::Parts::new(
        parts.all.clone(),
        &parts.calibration,
        &parts.validation,
        parts.normalization.clone(),
    );
    let training = Recipe {
        epochs: job.train.final_epochs,
        ..recipe.clone()
    };
    let recipe = FinalRecipe {
        workers: std::thread::available_parallelism().map_or(1, usize::from),
        ..FinalRecipe::new(training, job.train.teachers)
    };
    let epochs = recipe.training.epochs * (recipe.teachers + 1) + recipe.tuning.epochs;
    let stage = progress.stage("train", epochs as u64);
    let supervision = Supervision {
        cancel: &CANCEL,
        progress: &|done, _| stage.at(done as u64, "epochs"),
    };
    let result = finalize(
        &found.graph,
        &train_parts,
        &recipe,
        found.chosen.seed,
        supervision,
    )
    .map_err(|error| match error {
        FinalizeError::Train(TrainError::Cancelled) => Error::Interrupted,
        FinalizeError::Train(error @ TrainError::Diverged { .. }) => Error::failed(format!(
            "the chosen network: {error}; lower `learning_rate` in [train]"
        )),
        error => Error::tool(format!("the chosen network cannot be trained: {error}")),
    })?;
    let test = parts.test.normalized(&parts.normalization);
    let scores = predict(&result.float_graph, &test).map_err(Error::tool)?;
    let trained = Trained {
        record: Record {
            accuracy_float: accuracy(&scores, &test.labels),
            accuracy_int8: int8_accuracy(&result.quant_graph, &test).map_err(Error::tool)?,
            // Whole milliseconds read back from JSON as what they were.
            search_seconds: found.outcome.elapsed.as_millis() as f64 / 1000.0,
            why: finals.map_or_else(|| found.outcome.why.clone(), Finals::why),
            steps: result.steps,
        },
        network: result.quant_graph,
    };
    trained.save(&dir, &job.name)?;
    stage.done(format!(
        "test accuracy {:.2} % float, {:.2} % int8",
        100.0 * trained.record.accuracy_float,
        100.0 * trained.record.accuracy_int8
    ));
    Ok(trained)
}

/// Everything that the final training depends on beyond the search.
fn key(job: &Job, found: &Found, state: &State) -> String {
    let texts = [
        state.key.clone(),
        format!("{:?} {}", found.chosen.architecture, found.chosen.seed),
        format!("{} {}", job.train.final_epochs, job.train.teachers),
        // The record says why.
        format!("{} {}", job.train.finalists, job.train.seeds),
    ];
    hash::of(&texts.each_ref().map(String::as_str))
}
