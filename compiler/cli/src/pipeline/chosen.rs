//! The network that a run deploys: what the search and the finals chose, and how it is to be finished.

use ember_train::Recipe;

use super::finalists::{self, Finals};
use super::replica::Finish;
use super::search::{self, Found};
use super::state::State;
use super::teacher::{self, Use};
use super::{find, introduce, recipe};
use crate::Error;
use crate::config::Job;
use crate::data::Parts;
use crate::progress::Progress;

/// The choice.
pub struct Chosen {
    /// What the search found, with the finals' choice.
    pub found: Found,
    /// The finals, if there were any.
    pub finals: Option<Finals>,
    /// How networks are trained.
    pub recipe: Recipe,
    /// How the chosen one is finished, before anything is taken out.
    pub finish: Finish,
    /// Where all of it is kept.
    pub state: State,
}

/// Searches and holds the finals, or reads what earlier sessions have left.
pub fn choose(job: &Job, parts: &Parts, progress: Progress) -> Result<Chosen, Error> {
    introduce(job, parts, progress);
    let recipe = recipe::recipe(job, parts);
    let state = State::open(job, parts, &search::settings(job))?;
    let found = find(job, parts, &recipe, &state, progress)?;
    let teachers = teacher::larger(job, parts, &recipe, &state, Use::Judged, progress)?;
    let finish = recipe::finish(job, &recipe, teachers);
    let (found, finals) = finalists::replicate(job, parts, found, &finish, &state, progress)?;
    Ok(Chosen {
        found,
        finals,
        recipe,
        finish,
        state,
    })
}
