//! The report of a job as one page: plain HTML with inline SVG, no script, nothing from elsewhere, light
//! or dark as the reader's system is. Equal results give equal bytes: there is no clock in it.
//!
//! Reading order: [`Page`], [`render`], `sections`, `compression` and `charts` (what is said), `plot`, `network`, `memory` (what is
//! drawn), `markup` (numbers and escapes).

mod charts;
mod compression;
mod markup;
mod memory;
mod network;
mod plot;
mod sections;
mod tables;

use ember_codegen::cost::Footprint;
use ember_codegen::plan::Plan;
use ember_ir::Graph;
use ember_search::{Constraints, Metric, Outcome};

use crate::pipeline::Report;
use crate::pipeline::ablate::Ablation;
use crate::pipeline::compress::Reduced;
use crate::pipeline::finalists::Finals;

/// Everything that the page shows.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Name of the job.
    pub name: &'a str,
    /// Names of the classes.
    pub classes: &'a [String],
    /// What the validation set judges by.
    pub metric: Metric,
    /// The search's history and result.
    pub outcome: &'a Outcome,
    /// Number of the network that was chosen in the end.
    pub chosen: u64,
    /// Limits of the search.
    pub constraints: &'a Constraints,
    /// The runs of the finalists, if there were any.
    pub finals: Option<&'a Finals>,
    /// What was taken out of the network.
    pub reduced: &'a Reduced,
    /// What each step of compression brings, if somebody has asked.
    pub ablation: Option<&'a Ablation>,
    /// Why the network was chosen.
    pub why: &'a str,
    /// The network.
    pub graph: &'a Graph,
    /// Its memory plan.
    pub plan: &'a Plan,
    /// Its predicted price.
    pub footprint: &'a Footprint,
    /// What was measured.
    pub report: &'a Report,
    /// How often a sample of the class of the row was taken for the class of the column.
    pub confusion: &'a [Vec<usize>],
    /// How to get the same again: what, and its value.
    pub provenance: &'a [(&'static str, String)],
    /// The command that repeats the job.
    pub command: &'a str,
}

/// The page as a file's contents.
pub fn render(page: &Page<'_>) -> String {
    let title = markup::escaped(page.name);
    let sections = [
        sections::summary(page),
        charts::pareto(page),
        charts::history(page),
        sections::seeds(page),
        compression::compression(page),
        compression::steps(page),
        sections::network(page),
        sections::layers(page),
        sections::memory(page),
        sections::confusion(page),
        sections::reproduce(page),
    ];
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{title} · Ember</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n{}</main>\n\
         </body>\n</html>\n",
        include_str!("style.css"),
        sections.concat()
    )
}
