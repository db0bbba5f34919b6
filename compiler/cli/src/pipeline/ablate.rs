//! What each step of compression brings: the network that a run would deploy, trained with the same seeds
//! with each step switched on and off, everything else as configured. Runs are recorded one by one, so an
//! interrupted ablation goes on where it was, and what a job has trained already is not trained again.

use std::sync::Arc;

use ember_ir::Graph;
use ember_search::{Cost, Metric, Price as _};
use ember_train::{FinalRecipe, Recipe, Reduction, Teachers, Wish};
use serde::{Deserialize, Serialize};

use super::compress::{halved, propose};
use super::replica::{Finish, Run, Spread, judging, run_all};
use super::search::Found;
use super::state::State;
use super::teacher::{self, Use};
use super::{chosen, compress, price, recipe};
use crate::config::Job;
use crate::data::Parts;
use crate::progress::Progress;
use crate::{Error, files};

/// Shares of the channels that are cut out where the job cuts out none.
const PRUNING: [f32; 2] = [0.25, 0.5];
/// Energy that factorised layers keep where the job factorises none.
const LOW_RANK: f32 = 0.9;

/// What was found out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ablation {
    /// Number of the network in the search.
    pub network: u64,
    /// Its genes, for people.
    pub architecture: String,
    /// Runs per line.
    pub seeds: usize,
    /// What the figures are.
    #[serde(default, skip_serializing_if = "Metric::is_accuracy")]
    pub metric: Metric,
    /// The networks; the first one is as configured.
    pub lines: Vec<Line>,
    /// What each step brings.
    pub steps: Vec<Step>,
}

/// A network that was trained with all seeds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// What differs from the configuration.
    pub name: String,
    /// In int8, on the validation set.
    pub int8: Spread,
    /// In f32.
    pub float: Spread,
    /// Its predicted price.
    pub cost: Cost,
}

/// A step: two lines that differ in nothing else.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Index of the line with it.
    pub with: usize,
    /// Index of the line without.
    pub without: usize,
}

impl Ablation {
    /// What an earlier session found out.
    pub fn load(state: &State) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(state.ablation()).ok()?).ok()
    }

    /// Points of int8 accuracy that a step brings, and the standard error of that.
    pub fn points(&self, step: &Step) -> [f32; 2] {
        let (with, without) = (self.lines[step.with].int8, self.lines[step.without].int8);
        let error = (with.deviation.powi(2) + without.deviation.powi(2)) / self.seeds.max(1) as f32;
        [100.0 * (with.mean - without.mean), 100.0 * error.sqrt()]
    }
}

/// The lines to be trained.
struct Plan {
    lines: Vec<(String, Graph, Finish)>,
    steps: Vec<Step>,
}

impl Plan {
    /// Index of a line; equal ones are one.
    fn line(&mut self, name: impl Into<String>, graph: &Graph, finish: Finish) -> usize {
        let known = self
            .lines
            .iter()
            .position(|(_, other, line)| other == graph && line.key() == finish.key());
        known.unwrap_or_else(|| {
            self.lines.push((name.into(), graph.clone(), finish));
            self.lines.len() - 1
        })
    }

    fn step(&mut self, name: impl Into<String>, with: usize, without: usize) {
        if with != without {
            self.steps.push(Step {
                name: name.into(),
                with,
                without,
            });
        }
    }
}

/// Trains what is not trained yet and sums up.
pub fn ablate(job: &Job, parts: &Parts, progress: Progress) -> Result<Ablation, Error> {
    let chosen::Chosen {
        found,
        finish,
        recipe: training,
        state,
        ..
    } = chosen::choose(job, parts, progress)?;
    let reduced = compress::compress(job, parts, &found, &finish, &state, progress)?;
    let configured = Finish {
        reduction: reduced.reduction,
        ..finish
    };
    let larger = teacher::trained(job, parts, &training, &state, Use::Judged, progress)?;
    let mut plan = Plan {
        lines: Vec::new(),
        steps: Vec::new(),
    };
    let graph = &found.graph;
    let base = plan.line("as configured", graph, configured.clone());
    of_quantisation(&mut plan, graph, &configured);
    of_teachers(&mut plan, job, &training, graph, &configured, larger);
    let takes = Takes {
        job,
        parts,
        found: &found,
        configured: &configured,
        state: &state,
    };
    takes.plan(&mut plan, base)?;
    let seed = found.chosen.seed;
    let lines = plan.lines.iter();
    let runs: Vec<Run<'_>> = lines
        .flat_map(|(_, graph, finish)| judging(job, parts, graph, seed, finish))
        .collect();
    let replicas = run_all(parts, &runs, &state, "ablate", progress)?;
    let seeds = runs.len() / plan.lines.len();
    let lines = plan.lines.iter().zip(replicas.chunks(seeds));
    let lines = lines.map(|((name, graph, finish), replicas)| Line {
        name: name.clone(),
        int8: Spread::over(replicas, |replica| replica.accuracy_int8),
        float: Spread::over(replicas, |replica| replica.accuracy_float),
        cost: price(job, parts).price(&finish.reduction.apply(graph)),
    });
    let ablation = Ablation {
        network: found.chosen.id.0,
        architecture: found.chosen.architecture.to_string(),
        seeds,
        metric: parts.metric(),
        lines: lines.collect(),
        steps: plan.steps,
    };
    let json = serde_json::to_string_pretty(&ablation)
        .unwrap_or_else(|error| panic!("BUG: an ablation is always JSON: {error}"));
    files::write(&state.ablation(), json.as_bytes())?;
    Ok(ablation)
}

/// Quantisation-aware training, on and off.
fn of_quantisation(plan: &mut Plan, graph: &Graph, configured: &Finish) {
    let mut other = configured.clone();
    let name = if configured.recipe.tuning.epochs == 0 {
        let FinalRecipe { tuning, .. } = FinalRecipe::new(configured.recipe.training.clone(), 0);
        other.recipe.tuning = tuning;
        "fine-tuned on the int8 grid"
    } else {
        other.recipe.tuning.epochs = 0;
        "without fine-tuning on the int8 grid"
    };
    let is_on = configured.recipe.tuning.epochs > 0;
    let other = plan.line(name, graph, other);
    let (with, without) = if is_on { (0, other) } else { (other, 0) };
    plan.step("quantisation-aware training", with, without);
}

/// Nobody, the network itself, a larger one.
fn of_teachers(
    plan: &mut Plan,
    job: &Job,
    training: &Recipe,
    graph: &Graph,
    configured: &Finish,
    larger: Arc<[Teachers]>,
) {
    let with = |job: &Job, teachers: Option<Arc<[Teachers]>>| Finish {
        reduction: configured.reduction.clone(),
        ..recipe::finish(job, training, teachers)
    };
    let of = |teachers: usize| {
        let mut job = job.clone();
        job.train.teachers = teachers;
        job
    };
    let itself = job.train.teachers.max(1);
    let nobody = plan.line("nobody teaches", graph, with(&of(0), None));
    let alike = plan.line("runs of itself teach", graph, with(&of(itself), None));
    let larger = plan.line("a larger network teaches", graph, with(job, Some(larger)));
    plan.step("distillation from runs of itself", alike, nobody);
    plan.step("distillation from a larger network", larger, nobody);
}

/// What can be taken out of a network.
struct Takes<'a> {
    job: &'a Job,
    parts: &'a Parts,
    found: &'a Found,
    configured: &'a Finish,
    state: &'a State,
}

impl Takes<'_> {
    fn plan(&self, plan: &mut Plan, base: usize) -> Result<(), Error> {
        let graph = &self.found.graph;
        let with = |reduction: Reduction| Finish {
            reduction,
            ..self.configured.clone()
        };
        let whole = plan.line("nothing is taken out", graph, with(Reduction::default()));
        let shares = match self.job.compress.pruning {
            0.0 => PRUNING.to_vec(),
            share => vec![share],
        };
        for share in shares {
            let wish = Wish {
                pruning: share,
                ..Wish::default()
            };
            let Some(reduction) = self.proposed(wish)? else {
                continue;
            };
            let percent = 100.0 * share;
            let narrow = reduction.apply(graph);
            let pruned = plan.line(
                format!("pruned by {percent:.0} % of the channels"),
                graph,
                with(reduction),
            );
            plan.step(format!("pruning by {percent:.0} %"), pruned, whole);
            let learns = Wish {
                learns: true,
                ..wish
            };
            if let Some(reduction) = self.proposed(learns)? {
                let name = format!("pruned by {percent:.0} % of the channels, by learned masks");
                let learned = plan.line(name, graph, with(reduction));
                plan.step(
                    format!("pruning by {percent:.0} %, by learned masks"),
                    learned,
                    whole,
                );
            }
            let fresh = plan.line(
                format!("the shape pruned by {percent:.0} %, trained from the start"),
                &narrow,
                with(Reduction::default()),
            );
            let name = format!("pruning by {percent:.0} % instead of training that shape");
            plan.step(name, pruned, fresh);
        }
        let energy = match self.job.compress.low_rank {
            0.0 => LOW_RANK,
            energy => energy,
        };
        let wish = Wish {
            low_rank: energy,
            ..Wish::default()
        };
        if let Some(reduction) = self.proposed(wish)? {
            let percent = 100.0 * energy;
            let low = plan.line(
                format!("factorised, {percent:.0} % of the energy kept"),
                graph,
                with(reduction),
            );
            plan.step("low-rank factorisation", low, whole);
        }
        let reduction = halved(self.job, self.parts, self.found, &Reduction::default());
        if !reduction.is_none() {
            let halves = plan.line("int4 weights where flash falls", graph, with(reduction));
            plan.step("int4 weights", halves, whole);
        }
        plan.step("all that the configuration takes out", base, whole);
        Ok(())
    }

    /// `None` where nothing would make the network smaller.
    fn proposed(&self, wish: Wish) -> Result<Option<Reduction>, Error> {
        let nothing = Reduction::default();
        let reduction = propose(
            self.job,
            self.parts,
            self.found,
            self.configured,
            &nothing,
            wish,
            self.state,
        )?;
        Ok((reduction != nothing).then_some(reduction))
    }
}
