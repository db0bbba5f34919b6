//! What a running search has found so far.

use crate::choose::{choose, judged};
use crate::constraint::{Constraints, Cost};
use crate::evaluate::{Candidate, CandidateId, Score};
use crate::pareto::{Objectives, front, hypervolume};
use crate::probe::{Proxies, Rankings};
use crate::search::{Failed, Outcome, Scored, Stopped};
use crate::settings::Settings;
use crate::signals::Signals;

use std::collections::BTreeMap;
use std::time::Duration;

/// Relative growth of the hypervolume below which nothing was gained.
const GAIN: f64 = 1e-3;

/// Results in the order in which they were told.
#[derive(Default)]
pub(crate) struct Archive {
    scored: Vec<Scored>,
    failed: Vec<Failed>,
    proxies: BTreeMap<CandidateId, Proxies>,
    signals: Signals,
    /// The front of all results of all rungs, and its volume.
    front: Vec<Objectives>,
    volume: f64,
    told: usize,
    idle: usize,
}

impl Archive {
    /// Adds or updates a network.
    pub(crate) fn score(
        &mut self,
        candidate: &Candidate,
        cost: Cost,
        score: Score,
        constraints: &Constraints,
    ) {
        self.signals.learn(candidate, score);
        match self
            .scored
            .iter_mut()
            .find(|scored| scored.id == candidate.id)
        {
            Some(known) => {
                known.score = score;
                known.rung = candidate.rung;
            }
            None => self.scored.push(Scored {
                id: candidate.id,
                architecture: candidate.architecture.clone(),
                cost,
                score,
                rung: candidate.rung,
                parent: candidate.parent.as_ref().map(|parent| parent.id),
                seed: candidate.seed,
            }),
        }
        self.front.push(Objectives {
            accuracy: score.accuracy,
            cost,
        });
        self.front = front(&self.front)
            .into_iter()
            .map(|i| self.front[i])
            .collect();
        let volume = hypervolume(&self.front, constraints);
        self.count(volume > self.volume * (1.0 + GAIN));
        self.volume = volume;
    }

    /// Adds a failed training. A network that was scored on an earlier rung keeps that score.
    pub(crate) fn fail(&mut self, candidate: &Candidate, reason: String) {
        self.failed.push(Failed {
            id: candidate.id,
            architecture: candidate.architecture.clone(),
            reason,
        });
        self.count(false);
    }

    fn count(&mut self, is_gain: bool) {
        self.told += 1;
        self.idle = if is_gain { 0 } else { self.idle + 1 };
    }

    /// Remembers the proxies of a network that is asked for.
    pub(crate) fn probe(&mut self, id: CandidateId, proxies: Proxies) {
        self.proxies.insert(id, proxies);
    }

    /// The proxies of a network, if they were looked at.
    pub(crate) fn proxies(&self, id: CandidateId) -> Option<Proxies> {
        self.proxies.get(&id).copied()
    }

    /// Results told.
    pub(crate) fn told(&self) -> usize {
        self.told
    }

    /// Results in a row without a gain.
    pub(crate) fn idle(&self) -> usize {
        self.idle
    }

    /// The most accurate network on the highest rung reached; of equals the first.
    pub(crate) fn best(&self) -> Option<&Scored> {
        judged(&self.scored).reduce(|best, other| {
            if other.score.accuracy > best.score.accuracy {
                other
            } else {
                best
            }
        })
    }

    /// The outcome of a search that ends now.
    pub(crate) fn outcome(
        mut self,
        constraints: &Constraints,
        settings: &Settings,
        stopped: Stopped,
        elapsed: Duration,
    ) -> Outcome {
        // Told order is that of the questions, and a network's first question comes in order of its
        // number, but its score may have come from a later rung after an earlier failure.
        self.scored.sort_by_key(|scored| scored.id);
        let choice = choose(&self.scored, constraints, settings.tie);
        let judged: Vec<&Scored> = judged(&self.scored).collect();
        let mut rankings = Rankings::default();
        for scored in &judged {
            if let Some(proxies) = self.proxies(scored.id) {
                rankings.learn(proxies, f64::from(scored.score.accuracy));
            }
        }
        let objectives: Vec<Objectives> = judged
            .iter()
            .map(|scored| Objectives {
                accuracy: scored.score.accuracy,
                cost: scored.cost,
            })
            .collect();
        let place = |id| self.scored.iter().position(|scored| scored.id == id);
        let pareto = front(&objectives)
            .into_iter()
            .filter_map(|i| place(judged[i].id))
            .collect();
        let chosen = choice.as_ref().and_then(|choice| place(choice.id));
        let why = match choice {
            Some(choice) => choice.why,
            None if self.failed.is_empty() => "no network was trained to the end".into(),
            None => format!("all {} trainings failed", self.failed.len()),
        };
        Outcome {
            pareto,
            chosen,
            why,
            signals: self.signals.rank(&judged, settings, &rankings),
            trials: self.told,
            stopped,
            elapsed,
            scored: self.scored,
            failed: self.failed,
        }
    }
}
