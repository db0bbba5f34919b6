//! Results that replicate: the best networks of the search are trained again, each with several seeds,
//! on the training set alone, and judged on the validation set. One run says little (a network that won
//! by one run may have won by luck), so the choice is by mean − deviation. Where validation is by folds, the runs take
//! them in turn. The test set is not touched.
//!
//! Each run is recorded as soon as it is over; a run that was interrupted is done again from its seed.

use ember_ir::Graph;
use ember_search::{Metric, Scored, choose};
use serde::{Deserialize, Serialize};

use super::replica::{Finish, Replica, Run, Spread, judging, run_all};
use super::search::{self, Found};
use super::space;
use super::state::State;
use crate::Error;
use crate::config::Job;
use crate::data::Parts;
use crate::progress::Progress;

/// A network that was trained again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Finalist {
    /// Its number in the search.
    pub candidate: u64,
    /// Its int8 validation accuracy (or the task's metric) in the search.
    pub searched: f32,
    /// Its runs.
    pub replicas: Vec<Replica>,
}

impl Finalist {
    /// Over its runs, in f32.
    pub fn float(&self) -> Spread {
        Spread::over(&self.replicas, |replica| replica.accuracy_float)
    }

    /// Over its runs, in int8.
    pub fn int8(&self) -> Spread {
        Spread::over(&self.replicas, |replica| replica.accuracy_int8)
    }

    /// What it is chosen by.
    pub fn worth(&self) -> f32 {
        self.int8().worth()
    }
}

/// All finalists and the choice.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Finals {
    /// In the search's order: its own choice first.
    pub finalists: Vec<Finalist>,
    /// Index of the chosen one.
    pub chosen: usize,
    /// What the figures are.
    #[serde(default)]
    pub metric: Metric,
}

impl Finals {
    /// The chosen finalist.
    pub fn winner(&self) -> &Finalist {
        &self.finalists[self.chosen]
    }

    /// Why this one, for people.
    pub fn why(&self) -> String {
        let winner = self.winner();
        let runs = winner.replicas.len();
        let among = match self.finalists.len() {
            1 => "the search's choice".to_string(),
            count => format!("of {count} finalists the best by mean - deviation"),
        };
        let metric = match self.metric {
            Metric::Accuracy => String::new(),
            other => format!("{} ", other.name()),
        };
        format!(
            "{among}: {metric}{} int8, {} float on the validation set over {runs} seeds",
            winner.int8().percent(),
            winner.float().percent()
        )
    }
}

/// The search's result with the finals' choice in the place of its own, and the finals if there were any.
pub fn replicate(
    job: &Job,
    parts: &Parts,
    found: Found,
    finish: &Finish,
    state: &State,
    progress: Progress,
) -> Result<(Found, Option<Finals>), Error> {
    if job.train.seeds == 0 {
        return Ok((found, None));
    }
    let space = space::open(job, parts)?;
    let tie = search::settings(job).tie;
    let ranked = choose::rank(&found.outcome.scored, &search::constraints(job), tie);
    let finalists: Vec<(&Scored, Graph)> = ranked
        .into_iter()
        .take(job.train.finalists)
        .map(|scored| (scored, space.build(&scored.architecture)))
        .collect();
    let runs: Vec<Run<'_>> = finalists
        .iter()
        .flat_map(|(scored, graph)| judging(job, parts, graph, scored.seed, finish))
        .collect();
    let mut replicas = run_all(parts, &runs, state, "finals", progress)?.into_iter();
    let finalists: Vec<Finalist> = finalists
        .iter()
        .map(|(scored, _)| Finalist {
            candidate: scored.id.0,
            searched: scored.score.accuracy,
            replicas: replicas.by_ref().take(job.train.seeds).collect(),
        })
        .collect();
    let finals = Finals {
        metric: parts.metric(),
        chosen: best(&finalists),
        finalists,
    };
    if finals
        .winner()
        .replicas
        .iter()
        .any(|replica| replica.steps.is_empty())
    {
        return Err(Error::failed(
            "every finalist diverged in training; lower `learning_rate` in [train]",
        ));
    }
    progress.say(format!("{:>9} {}", "finals", finals.why()));
    let winner = finals.winner().candidate;
    let chosen = found.outcome.scored.iter().find(|s| s.id.0 == winner);
    let chosen = chosen.unwrap_or(&found.chosen).clone();
    let graph = space.build(&chosen.architecture);
    let outcome = found.outcome;
    Ok((
        Found {
            outcome,
            chosen,
            graph,
        },
        Some(finals),
    ))
}

/// The first of the best.
fn best(finalists: &[Finalist]) -> usize {
    let mut best = 0;
    for (index, finalist) in finalists.iter().enumerate() {
        if finalist.worth() > finalists[best].worth() {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finalist(candidate: u64, accuracies: &[f32]) -> Finalist {
        let replica = |&accuracy| Replica {
            seed: 1,
            accuracy_float: accuracy,
            accuracy_int8: accuracy,
            steps: Vec::new(),
        };
        Finalist {
            candidate,
            searched: 0.5,
            replicas: accuracies.iter().map(replica).collect(),
        }
    }

    #[test]
    fn a_steady_finalist_beats_a_lucky_one() {
        let lucky = finalist(1, &[0.99, 0.80, 0.91]);
        let steady = finalist(2, &[0.88, 0.89, 0.90]);
        assert_eq!(best(&[lucky.clone(), steady.clone()]), 1);
        assert_eq!(best(&[steady.clone(), lucky]), 0);
        assert_eq!(best(&[steady.clone(), steady]), 0);
    }
}
