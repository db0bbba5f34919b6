//! A larger network that teaches the small ones: a template of the space at its full size, which no board
//! limits, trained once per job and kept. Source: Hinton et al., arXiv 1503.02531.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ember_ir::Graph;
use ember_train::{FinalRecipe, Recipe, Supervision, Teachers, Training, teach};

use super::replica::failed;
use super::space;
use super::state::{Kept, State};
use crate::Error;
use crate::config::Job;
use crate::data::Parts;
use crate::interrupt::CANCEL;
use crate::progress::Progress;

/// What the taught networks are for, which says what their teacher may have seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// The validation set judges them.
    Judged,
    /// They are deployed.
    Deployed,
}

/// The larger teachers of a job that wants them.
pub fn larger(
    job: &Job,
    parts: &Parts,
    recipe: &Recipe,
    state: &State,
    taught: Use,
    progress: Progress,
) -> Result<Option<Arc<[Teachers]>>, Error> {
    if !job.compress.larger_teacher || job.train.teachers == 0 {
        return Ok(None);
    }
    trained(job, parts, recipe, state, taught, progress).map(Some)
}

/// So many runs of the larger network as `train.teachers` says, at least one; on every fold of the data, because a
/// teacher must not have seen what judges its pupils.
pub fn trained(
    job: &Job,
    parts: &Parts,
    recipe: &Recipe,
    state: &State,
    taught: Use,
    progress: Progress,
) -> Result<Arc<[Teachers]>, Error> {
    let graph = network(job, parts)?;
    let training = Recipe {
        epochs: job.train.final_epochs,
        ..recipe.clone()
    };
    let recipe = FinalRecipe {
        workers: std::thread::available_parallelism().map_or(1, usize::from),
        ..FinalRecipe::new(training, 0)
    };
    let folds = match taught {
        Use::Judged => parts.folds(),
        Use::Deployed => vec![parts.for_deployment()],
    };
    let runs = job.train.teachers.max(1);
    let epochs = folds.len() * runs * recipe.training.epochs;
    let stage = progress.stage("teacher", epochs as u64);
    let done = AtomicUsize::new(0);
    let teachers = folds.iter().enumerate().map(|(fold, parts)| {
        let training = Training {
            graph: &graph,
            parts,
            recipe: &recipe,
            seed: job.search.seed,
            teachers: None,
            keep: &match taught {
                Use::Judged => Kept::of_training(state, fold),
                Use::Deployed => Kept::of_all(state),
            },
            supervision: Supervision {
                cancel: &CANCEL,
                progress: &|epochs| {
                    let done = done.fetch_add(epochs, Ordering::Relaxed) + epochs;
                    stage.at(done as u64, "epochs");
                },
            },
        };
        teach(training, runs).map_err(failed)
    });
    let teachers = teachers.collect::<Result<Arc<[Teachers]>, Error>>()?;
    stage.done(format!(
        "{} runs of a network of {} parameters",
        folds.len() * runs,
        graph.parameters()
    ));
    Ok(teachers)
}

/// The template with the most parameters.
fn network(job: &Job, parts: &Parts) -> Result<Graph, Error> {
    let space = space::open(job, parts)?;
    let templates = space.templates();
    let graphs = templates.iter().map(|template| space.build(template));
    graphs.max_by_key(Graph::parameters).ok_or_else(|| {
        Error::usage("this space has no template that could teach; set `teacher = \"itself\"`")
    })
}
