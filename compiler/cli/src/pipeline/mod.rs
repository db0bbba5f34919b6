//! The main job, from a configuration to verified firmware. Each line of [`run`] is a stage; each
//! stage finds what an earlier run has left and goes on from there.
//!
//! Reading order: [`run`], then the stages in its order: [`chosen`] ([`search`] in its [`space`], [`teacher`], [`finalists`]; runs are
//! those of [`replica`]), [`compress`], [`train`], [`package`], [`build`], [`verify`]; [`ablate`] asks what compression brings, [`compile`] takes a model from elsewhere ([`imported`], [`compare`]), [`infer`]
//! runs samples, [`bench`] measures by itself; [`anomaly`] sets a threshold, [`state`] says what is kept where, [`report`] and [`page`] what comes out.

pub mod ablate;
pub mod anomaly;
pub mod bench;
pub mod build;
pub mod chosen;
pub mod compare;
pub mod compile;
pub mod compress;
pub mod finalists;
pub mod imported;
pub mod infer;
pub mod package;
pub mod page;
mod provenance;
mod recipe;
pub mod replica;
pub mod report;
pub mod search;
pub mod space;
pub mod state;
pub mod teacher;
pub mod testset;
mod train;
pub mod trained;
pub mod verify;

use std::path::Path;

use ember_codegen::cost::Memory;
use ember_codegen::target::Board;
use ember_search::{Metric, PlannerPrice};
use ember_train::{ANOMALY, Evaluator, Keep, Recipe};

pub use report::{Replicated, Report};

use crate::config::{Job, TaskJob};
use crate::data::Parts;
use crate::device::doctor;
use crate::interrupt::CANCEL;
use crate::progress::Progress;
use crate::{Error, files};
use ablate::Ablation;
use chosen::Chosen;
use replica::Finish;
use search::Found;
use state::{Kept, State};
use teacher::Use;

/// Search → finals → compression → training → int8 → plan → crate → firmware → device.
pub fn run(job: &Job, parts: &Parts, progress: Progress) -> Result<Report, Error> {
    look_ahead(&job.output.join(&job.name), &job.board.board)?;
    let Chosen {
        found,
        finals,
        recipe,
        finish,
        state,
    } = chosen::choose(job, parts, progress)?;
    let reduced = compress::compress(job, parts, &found, &finish, &state, progress)?;
    let finish = Finish {
        teachers: teacher::larger(job, parts, &recipe, &state, Use::Deployed, progress)?,
        reduction: reduced.reduction.clone(),
        ..finish
    };
    let trained = train::train(
        job,
        parts,
        &found,
        finals.as_ref(),
        &finish,
        &state,
        progress,
    )?;
    // What was trained on numbers is deployed with the table that makes them of bytes.
    let trained = match &parts.text {
        Some(texts) => trained.of_texts(texts),
        None => trained,
    };
    let packed = package::package(job, parts, &trained.network, &trained.record, progress)?;
    let built = build::build(
        &packed.dir,
        &job.name,
        &job.board.board,
        &job.board.limits,
        progress,
    )?;
    let report = verify::verify(&packed.dir, &job.board.board, &built, progress)?;
    let report = Report {
        search_seconds: Some(trained.record.search_seconds),
        replicated: finals.as_ref().map(Replicated::of),
        signals: search::rounded(&found.outcome.signals),
        ..report
    };
    let json = serde_json::to_string_pretty(&report)
        .unwrap_or_else(|error| panic!("BUG: a report is always JSON: {error}"));
    files::write(&verify::report_path(&packed.dir), json.as_bytes())?;
    let ablation = Ablation::load(&state).filter(|known| known.network == found.chosen.id.0);
    let facts = page::Facts {
        job,
        parts,
        found: &found,
        finals: finals.as_ref(),
        reduced: &reduced,
        ablation: ablation.as_ref(),
        trained: &trained,
        footprint: &packed.footprint,
        report: &report,
    };
    let path = page::write(&facts)?;
    progress.say(format!("{:>9} {}", "report", path.display()));
    verify::judge(&report)?;
    Ok(report)
}

/// What would fail at the end fails at the beginning: a missing tool, a folder that is not ours.
fn look_ahead(dir: &Path, board: &Board) -> Result<(), Error> {
    files::owned(dir)?;
    let checks = doctor::check(std::slice::from_ref(board));
    let missing: Vec<String> = checks
        .iter()
        .filter(|check| check.required && !check.ok)
        .map(|check| {
            let fix = check.fix.as_deref().unwrap_or("`emberc doctor` says more");
            format!(
                "\n  {} is missing ({}); to get it: {fix}",
                check.name, check.found
            )
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::tool(format!(
        "firmware for {} cannot be built and run here:{}",
        board.name,
        missing.concat()
    )))
}

/// The search alone.
pub fn search_only(job: &Job, parts: &Parts, progress: Progress) -> Result<Found, Error> {
    introduce(job, parts, progress);
    let recipe = recipe::recipe(job, parts);
    let state = State::open(job, parts, &search::settings(job))?;
    find(job, parts, &recipe, &state, progress)
}

fn find(
    job: &Job,
    parts: &Parts,
    recipe: &Recipe,
    state: &State,
    progress: Progress,
) -> Result<Found, Error> {
    let train_parts = parts.for_training();
    let kept = Kept::of_training(state, 0);
    let evaluator = Evaluator {
        parts: &train_parts,
        other_folds: &parts.other_folds,
        recipe,
        cancel: &CANCEL,
        keep: job.search.inherit.then_some(&kept as &dyn Keep),
    };
    search::search(job, parts, state, &evaluator, progress)
}

/// The planner's price of networks on the job's board, with what makes their input out of sound.
fn price<'a>(job: &'a Job, parts: &Parts) -> PlannerPrice<'a> {
    PlannerPrice {
        board: &job.board.board,
        memory: memory(job, parts),
        hop: job.board.hop,
        front: parts.front(),
    }
}

/// How a network of a job may use the RAM that its front end leaves.
fn memory(job: &Job, parts: &Parts) -> Memory {
    let front = parts.front().map_or(0, |front| front.state_bytes());
    match job.board.memory() {
        Memory::Within(bytes) => Memory::Within(bytes.saturating_sub(front)),
        memory @ (Memory::Whole | Memory::Rows(_) | Memory::Fed) => memory,
    }
}

fn introduce(job: &Job, parts: &Parts, progress: Progress) {
    let samples = parts.calibration.len() + parts.validation.len() + parts.test.len();
    let what = match &job.task {
        TaskJob::Classification => format!("in {} classes", parts.classes().len()),
        TaskJob::Anomaly { .. } => {
            let labels = parts.validation.labels.iter().chain(&parts.test.labels);
            let anomalies = labels.filter(|&&label| label == ANOMALY).count();
            format!("with {anomalies} anomalies")
        }
    };
    progress.say(format!(
        "{:>9} {samples} samples of {} {what} ({}); {} with {} B of flash, {} B of RAM",
        job.name,
        parts.shape(),
        parts.counts(),
        job.board.board.name,
        job.board.limits.flash_bytes,
        job.board.limits.ram_bytes,
    ));
    if parts.unused > 0 {
        progress.say(format!(
            "{:>9} {} more anomalies are in no set: neither validation nor test takes them",
            "", parts.unused
        ));
    }
    match parts.metric() {
        Metric::Accuracy | Metric::Auc => {}
        Metric::ExplainedVariance => progress.say(format!(
            "{:>9} the validation set has no anomalies: networks are judged by how well they rebuild normal samples",
            ""
        )),
    }
}
