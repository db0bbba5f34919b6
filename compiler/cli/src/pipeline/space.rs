//! The space of a job, and the networks of the user's own that its search begins with.

use ember_ir::Shape;
use ember_search::space::{Unrecognised, open_narrowed};
use ember_search::{Architecture, Space, SpaceError, SpaceKind, Task};

use crate::Error;
use crate::config::{Job, Problem, TaskJob, Template};
use crate::data::Parts;

/// The space that the job names; `auto` is the one for samples of this shape, or the first one that has all
/// templates.
pub fn open(job: &Job, parts: &Parts) -> Result<Box<dyn Space>, Error> {
    let named = |kind: &SpaceKind| kind.name() == job.search.space;
    let usual = match (&job.task, job.board.hop) {
        (TaskJob::Anomaly { .. }, _) => SpaceKind::Autoencoder,
        (TaskJob::Classification, _) if parts.text.is_some() => SpaceKind::Text,
        (TaskJob::Classification, Some(_)) => SpaceKind::Recurrent,
        (TaskJob::Classification, None) => SpaceKind::for_input(parts.shape()),
    };
    let Some(kind) = SpaceKind::ALL.into_iter().find(named) else {
        let is_other =
            |&kind: &SpaceKind| kind != usual && ![kind, usual].contains(&SpaceKind::Autoencoder);
        let others = SpaceKind::ALL.into_iter().filter(is_other);
        let all = [usual].into_iter().chain(others);
        let mut fitting = all.filter_map(|kind| {
            let space = open_kind(job, kind, parts).ok()?;
            let mut templates = job.search.templates.iter();
            let has_all = templates.all(|template| space.recognise(&template.graph).is_ok());
            has_all.then_some(space)
        });
        return match fitting.next() {
            Some(space) => Ok(space),
            None => open_kind(job, usual, parts),
        };
    };
    open_kind(job, kind, parts)
}

fn open_kind(job: &Job, kind: SpaceKind, parts: &Parts) -> Result<Box<dyn Space>, Error> {
    let task = Task {
        name: job.name.clone(),
        input: parts.shape().clone(),
        classes: parts.classes().len(),
        tokens: parts.text.as_ref().map(|texts| texts.tokens),
    };
    open_narrowed(kind, task, &job.search.narrowing).map_err(|error| {
        let problem = Problem::new(error.to_string());
        let problem = match &error {
            SpaceError::Narrow { what, .. } => problem
                .at(job.span("space", what))
                .help("widen it, or leave it out"),
            SpaceError::Hop { .. } => problem
                .at(job
                    .span("board", "hop")
                    .or_else(|| job.span("board", "input")))
                .help(
                    "a sample is a whole number of calls: change `hop`, or the window of the data",
                ),
            SpaceError::Whole(_) => problem
                .at(job.span("board", "input"))
                .help("`[search] space = \"recurrent\"` has networks for `input = \"steps\"`"),
            SpaceError::Input { .. } | SpaceError::Text { .. } | SpaceError::Classes => problem
                .at(job.span("search", "space"))
                .help("`space = \"auto\"` chooses by the shape of the samples"),
        };
        job.problems(vec![problem]).into()
    })
}

/// The genes of the job's templates, for samples of this shape.
pub fn seeds(job: &Job, space: &dyn Space, input: &Shape) -> Result<Vec<Architecture>, Error> {
    let mut problems = Vec::new();
    let mut seeds = Vec::new();
    for template in &job.search.templates {
        match seed(template, space, input) {
            Ok(seed) => seeds.push(seed),
            Err(problem) => problems.push(problem.at(job.span("space", "template"))),
        }
    }
    if problems.is_empty() {
        return Ok(seeds);
    }
    Err(job.problems(problems).into())
}

fn seed(template: &Template, space: &dyn Space, input: &Shape) -> Result<Architecture, Problem> {
    let Template { file, graph } = template;
    let own = graph.inputs.first().map(|&id| &graph.tensor(id).shape);
    if let Some(own) = own
        && SpaceKind::for_input(own) != SpaceKind::for_input(input)
    {
        return Err(Problem::new(format!(
            "{file} is a network for samples of {own}; those of the data are {input}"
        ))
        .help("another size is built anew for the data, another kind of sample cannot be"));
    }
    space
        .recognise(graph)
        .map_err(|Unrecognised { node, reason }| {
            Problem::new(format!("{file}: `{node}`: {reason}")).help(format!(
                "the search's space is: {}; the template must be one of its networks",
                space.describe()
            ))
        })
}
