//! The report of a job as a page for people, beside the emitted crate: `<output>/<name>-report.html`.

use std::path::{Path, PathBuf};

use ember_codegen::cost::{Footprint, plan_for};
use ember_codegen::deployed;
use ember_codegen::interpret::Interpreter;
use ember_train::anomaly_scores;
use ember_train::predict::argmax;

use super::ablate::Ablation;
use super::anomaly;
use super::compress::Reduced;
use super::finalists::Finals;
use super::search::{self, Found};
use super::trained::Trained;
use super::{Report, package};
use crate::config::Job;
use crate::data::Parts;
use crate::html::{self, Page};
use crate::{Error, files, hash};

/// Everything that the page is made from.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The job.
    pub job: &'a Job,
    /// Its data.
    pub parts: &'a Parts,
    /// What the search found, with the finals' choice.
    pub found: &'a Found,
    /// The finals, if there were any.
    pub finals: Option<&'a Finals>,
    /// What was taken out of it.
    pub reduced: &'a Reduced,
    /// What each step of compression brings, if somebody has asked for this network.
    pub ablation: Option<&'a Ablation>,
    /// The deployed network.
    pub trained: &'a Trained,
    /// Its predicted price.
    pub footprint: &'a Footprint,
    /// What was measured.
    pub report: &'a Report,
}

/// Writes the page and says where.
pub fn write(facts: &Facts<'_>) -> Result<PathBuf, Error> {
    let Facts { job, parts, .. } = *facts;
    let deployed = deployed(&facts.trained.network.graph, job.board.hop);
    let graph = &*deployed.map_err(Error::usage_of)?;
    let board = &job.board.board;
    let plan = plan_for(graph, board, super::memory(job, parts))
        .ok_or_else(|| Error::usage(format!("{} has no memory plan", graph.name)))?;
    let page = Page {
        name: &job.name,
        classes: parts.classes(),
        metric: parts.metric(),
        outcome: &facts.found.outcome,
        chosen: facts.found.chosen.id.0,
        constraints: &search::constraints(job),
        finals: facts.finals,
        reduced: facts.reduced,
        ablation: facts.ablation,
        why: &facts.trained.record.why,
        graph,
        plan: &plan,
        footprint: facts.footprint,
        report: facts.report,
        confusion: &confusion(facts)?,
        provenance: &provenance(facts),
        command: &format!("emberc run {}", name_of(Path::new(&job.file_name))),
    };
    let path = job.output.join(format!("{}-report.html", job.name));
    files::write(&path, html::render(&page).as_bytes())?;
    Ok(path)
}

/// True classes in rows, answers of the int8 network in columns; of a network that finds anomalies, those of the
/// threshold.
fn confusion(facts: &Facts<'_>) -> Result<Vec<Vec<usize>>, Error> {
    if let Some(threshold) = facts.trained.record.threshold {
        let test = facts.parts.test.normalized(&facts.parts.normalization);
        let scores = anomaly_scores(&facts.trained.network, &test).map_err(Error::tool)?;
        let counts = anomaly::counts(&scores, &test.labels, threshold);
        return Ok(counts.map(Vec::from).to_vec());
    }
    let classes = facts.parts.classes().len();
    let tests = package::test_set(&facts.trained.network, facts.parts)?;
    let interpreter = Interpreter::new(&facts.trained.network).map_err(Error::tool)?;
    let mut counts = vec![vec![0; classes]; classes];
    for (sample, &label) in tests.iter().zip(&tests.labels) {
        let answer = argmax(&interpreter.run(sample));
        if let Some(count) = counts.get_mut(label).and_then(|row| row.get_mut(answer)) {
            *count += 1;
        }
    }
    Ok(counts)
}

fn provenance(facts: &Facts<'_>) -> Vec<(&'static str, String)> {
    let Facts { job, parts, .. } = *facts;
    let samples = format!("{}, of shape {}", parts.counts(), parts.shape());
    vec![
        ("emberc", env!("CARGO_PKG_VERSION").to_string()),
        ("configuration (hash)", hash::of(&[&job.text])),
        (
            "data",
            format!("{} ({})", name_of(&job.data.file), parts.hash),
        ),
        ("samples", samples),
        ("seed", job.search.seed.to_string()),
        ("strategy", job.search.strategy.clone()),
        ("board", job.board.board.name.clone()),
        (
            "seed of the chosen network",
            facts.found.chosen.seed.to_string(),
        ),
    ]
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
