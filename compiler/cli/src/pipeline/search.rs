//! Finds the network: the search of [`ember_search`] with the planner's prices, the trainer's scores
//! and the journal on disk.

use std::fs;
use std::time::{Duration, Instant};

use ember_ir::Graph;
use ember_search::{
    Budget, Constraints, Evaluate, Happened, History, Identity, Outcome, Probe, Ranking, Relax,
    Resource, Scored, SearchError, Session, Settings, Setup, Stop, Stopped, StrategyKind,
};

use super::space;
use super::state::State;
use crate::config::{Job, Problem};
use crate::data::Parts;
use crate::files::{self, JournalFile, io_error};
use crate::interrupt::CANCEL;
use crate::progress::{Progress, Stage};
use crate::{Error, interrupt};

/// A finished search.
#[derive(Clone, Debug)]
pub struct Found {
    /// All that was found.
    pub outcome: Outcome,
    /// The chosen network.
    pub chosen: Scored,
    /// Its topology.
    pub graph: Graph,
}

/// The settings of a job's search.
pub fn settings(job: &Job) -> Settings {
    let search = &job.search;
    let full = Budget {
        epochs: job.train.epochs,
        fraction: 1.0,
    };
    let first = Budget {
        epochs: job.train.epochs.div_ceil(3),
        fraction: 1.0,
    };
    let strategy = StrategyKind::ALL
        .into_iter()
        .find(|strategy| strategy.name() == search.strategy)
        .unwrap_or_default();
    // They propose few networks, each the outcome of a training.
    let halving = search.halving && !strategy.follows_a_gradient();
    Settings {
        seed: search.seed,
        strategy,
        second_order: search.second_order,
        proxies: search.proxies,
        proxy_network: search.proxy_network,
        rungs: if halving || search.proxy_network {
            vec![first, full]
        } else {
            vec![full]
        },
        stop: Stop {
            trials: Some(search.trials),
            time: (search.minutes > 0.0).then(|| Duration::from_secs_f64(60.0 * search.minutes)),
            target_accuracy: (search.target_accuracy < 1.0).then_some(search.target_accuracy),
            patience: (search.patience > 0).then_some(search.patience),
        },
        ..Settings::default()
    }
}

/// Runs or resumes the search of a job.
pub fn search(
    job: &Job,
    parts: &Parts,
    state: &State,
    evaluator: &(impl Evaluate + Probe + Relax),
    progress: Progress,
) -> Result<Found, Error> {
    let space = space::open(job, parts)?;
    let seeds = space::seeds(job, space.as_ref(), parts.shape())?;
    if job.board.fed && parts.shape().hwc().is_none_or(|[height, ..]| height < 2) {
        let problem = Problem::new(format!(
            "samples of {} have no rows that could come one by one",
            parts.shape()
        ))
        .at(job.span("board", "input"))
        .help("`input = \"rows\"` is for images; leave it out");
        return Err(job.problems(vec![problem]).into());
    }
    if job.board.fed && parts.sound.is_some() {
        let problem = Problem::new("sound does not come in rows of the network's input")
            .at(job.span("board", "input"))
            .help("the firmware takes samples as they come in any case; leave it out");
        return Err(job.problems(vec![problem]).into());
    }
    if job.board.hop.is_some() && parts.sound.is_some() {
        let problem = Problem::new("sound does not come in steps of the network's input")
            .at(job.span("board", "input"))
            .help("the firmware takes samples as they come in any case; leave it out");
        return Err(job.problems(vec![problem]).into());
    }
    let settings = settings(job);
    if let Some(what) = job.search.narrowing.unrelaxed()
        && settings.strategy.follows_a_gradient()
    {
        let problem = Problem::new(format!("{} cannot keep to `{what}`", job.search.strategy))
            .at(job.span("space", what))
            .help("leave it out, or take a strategy that draws networks, such as aging-evolution");
        return Err(job.problems(vec![problem]).into());
    }
    let identity = Identity {
        config: state.key.clone(),
        seed: settings.seed,
    };
    let dir = state.search_dir();
    files::create_dir(&dir)?;
    let path = dir.join("journal.jsonl");
    let recorded = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(io_error(&path)(error)),
    };
    let history = History::read(&recorded, &identity)
        .map_err(|error| Error::usage(format!("{}: {error}", path.display())))?;
    let mut journal = JournalFile::open(&path, history.valid_bytes)?;
    let stage = progress.stage("search", job.search.trials as u64);
    let began = Instant::now();
    for (template, seed) in job.search.templates.iter().zip(&seeds) {
        progress.say(format!("{:>9} {}: {seed}", "template", template.file));
    }
    let setup = Setup {
        space: space.as_ref(),
        seeds: &seeds,
        price: &super::price(job, parts),
        constraints: &constraints(job),
        evaluator,
        supernets: Some(evaluator),
        probe: Some(evaluator),
        settings: &settings,
        identity: &identity,
    };
    let session = Session {
        workers: workers(job),
        history,
        journal: &mut journal,
        progress: &mut |event| report(&stage, event),
        cancel: &CANCEL,
        clock: &|| began.elapsed(),
    };
    let outcome = ember_search::search(&setup, session).map_err(|error| explain(job, error))?;
    if outcome.stopped == Stopped::Interrupted || interrupt::requested() {
        return Err(Error::Interrupted);
    }
    let Some(chosen) = outcome.chosen.map(|index| outcome.scored[index].clone()) else {
        let reasons: Vec<&str> = outcome
            .failed
            .iter()
            .take(3)
            .map(|failed| failed.reason.as_str())
            .collect();
        return Err(Error::failed(format!(
            "no candidate could be trained: {}",
            reasons.join("; ")
        )));
    };
    stage.done(format!(
        "{} candidates, {} of them on the Pareto front; chosen: {}",
        outcome.scored.len(),
        outcome.pareto.len(),
        outcome.why
    ));
    if !outcome.signals.is_empty() {
        progress.say(format!(
            "{:>9} {} (Spearman's correlation with the final int8 {})",
            "signals",
            signals(&outcome.signals),
            chosen.score.metric.name()
        ));
    }
    let graph = space.build(&chosen.architecture);
    Ok(Found {
        outcome,
        chosen,
        graph,
    })
}

/// How well cheap signals foretold the final score, for people.
pub fn signals(signals: &[Ranking]) -> String {
    let each = signals.iter().map(|ranking| {
        let Ranking {
            signal,
            spearman,
            networks,
        } = ranking;
        format!("{signal} {spearman:.2} ({networks} networks)")
    });
    each.collect::<Vec<_>>().join(", ")
}

/// The same with so few digits that they read back from JSON as what they were.
pub fn rounded(signals: &[Ranking]) -> Vec<Ranking> {
    let round = |ranking: &Ranking| Ranking {
        spearman: (ranking.spearman * 1e4).round() / 1e4,
        ..ranking.clone()
    };
    signals.iter().map(round).collect()
}

/// Limits of the search: those of the board and the job's own.
pub fn constraints(job: &Job) -> Constraints {
    Constraints {
        flash_bytes: job.board.limits.flash_bytes,
        ram_bytes: job.board.limits.ram_bytes,
        instructions: job.search.instructions,
        macs: job.search.macs,
    }
}

fn workers(job: &Job) -> usize {
    match job.search.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    }
}

/// A search that cannot begin is a problem of the configuration; one that cannot go on is the system's.
fn explain(job: &Job, error: SearchError) -> Error {
    match error {
        SearchError::NothingFits(ref violations) => {
            let own = violations.iter().find_map(|violation| {
                let key = match violation.resource {
                    Resource::Instructions => "instructions",
                    Resource::Macs => "macs",
                    Resource::Ram | Resource::Flash => return None,
                };
                job.span("search", key)
            });
            let span = own.or_else(|| {
                ["ram", "flash", "name", "core", "file"]
                    .into_iter()
                    .find_map(|key| job.span("board", key))
            });
            job.problems(vec![Problem::new(error.to_string()).at(span)])
                .into()
        }
        SearchError::SeedDoesNotFit { .. } => {
            let span = job.span("space", "template");
            job.problems(vec![Problem::new(error.to_string()).at(span)])
                .into()
        }
        SearchError::OtherHistory { .. } | SearchError::NoRungs => Error::usage(error.to_string()),
        SearchError::Supernet(_) => Error::failed(error.to_string()),
        SearchError::Journal(_) | SearchError::Threads(_) => Error::tool(error),
    }
}

fn report(stage: &Stage, progress: &ember_search::Progress<'_>) {
    let best = progress.best.map_or_else(String::new, |best| {
        format!(
            "best {:.1} % int8 at {} B flash, {} B RAM",
            100.0 * best.score.accuracy,
            best.cost.flash_bytes,
            best.cost.ram_bytes
        )
    });
    match progress.event {
        Happened::Resumed { recorded } => {
            stage.say(format!(
                "{:>9} goes on after {recorded} recorded candidates",
                "search"
            ));
        }
        Happened::Preparing => {
            stage.say(format!(
                "{:>9} trains a network of all networks first",
                "search"
            ));
        }
        Happened::Started { .. }
        | Happened::Scored { .. }
        | Happened::Failed { .. }
        | Happened::Tick => {}
    }
    stage.at(progress.finished as u64, best);
}
