//! Aging evolution: a queue of the most recent networks; the best of a random few is mutated, the
//! child joins, the oldest leaves. Dying of age instead of weakness keeps a lucky score from ruling
//! forever. Source: Real et al. 2019 (arXiv 1802.01548).
//!
//! * The first questions are templates scaled to the limits, then random networks, up to the size of
//!   the population; half of them neighbours of the user's own templates, if there are any.
//! * Limits are hard, but below them the tournament also prefers cheap networks a little: fitness is
//!   accuracy − λ·fullness with λ drawn anew per tournament (random scalarisation, as in µNAS, arXiv
//!   2010.14246, but with accuracy never traded for more than [`Evolution::thrift`]).
//! * The child is the most promising of many networks one or more changes away from winners, by the
//!   [`Predictor`], as often as that is trusted. Promise is what is expected plus a share of how little is
//!   known (an upper confidence bound).
//! * Where zero-cost proxies are looked at, a few of the most promising are compared by them too; a proxy's
//!   opinion weighs as much as it has ranked the results so far, and nothing if it has not.

use std::collections::VecDeque;

use rand::RngExt;
use rand::seq::index;
use serde::{Deserialize, Serialize};

use super::predictor::Predictor;
use super::{Ask, Proposal, Proposer, Starts, Strategy, Told};
use crate::constraint::{Constraints, Cost};
use crate::evaluate::CandidateId;
use crate::probe::{Proxies, Rankings};
use crate::rank::ranks;
use crate::space::Architecture;

/// The knobs of the evolution. The defaults are those that did well with 100 evaluations on tables of known
/// networks (`emberc bench-search`): a small, greedy population, as so few evaluations ask for.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evolution {
    /// Networks in the queue.
    pub population: usize,
    /// Networks in a tournament.
    pub tournament: usize,
    /// Mutations proposed per child when predictions are trusted.
    pub proposals: usize,
    /// Chance of each further change of a proposal, at most 0.9: single changes do not lead out of a
    /// local optimum.
    pub leap: f64,
    /// Standard deviations of a prediction that count as promise: what is unknown is worth a try.
    pub curiosity: f64,
    /// Largest accuracy traded for an empty board.
    pub thrift: f64,
}

impl Default for Evolution {
    fn default() -> Self {
        Self {
            population: 12,
            tournament: 5,
            proposals: 64,
            leap: 0.5,
            curiosity: 1.5,
            thrift: 0.01,
        }
    }
}

/// Proposals that proxies are looked at of.
const LOOKED_AT: usize = 6;

/// Aging evolution.
#[derive(Debug)]
pub struct AgingEvolution {
    knobs: Evolution,
    constraints: Constraints,
    population: VecDeque<Member>,
    predictor: Predictor,
    rankings: Rankings,
    /// Questions asked so far; the first ones seed the population.
    asked: usize,
    /// What the population has begun with.
    starts: Starts,
}

#[derive(Clone, Debug)]
struct Member {
    id: CandidateId,
    architecture: Architecture,
    cost: Cost,
    accuracy: f64,
}

impl AgingEvolution {
    /// An empty population for networks within `constraints`.
    pub fn new(knobs: Evolution, constraints: Constraints) -> Self {
        Self {
            knobs,
            constraints,
            population: VecDeque::new(),
            predictor: Predictor::default(),
            rankings: Rankings::default(),
            asked: 0,
            starts: Starts::default(),
        }
    }

    /// The winner of a tournament.
    fn parent(&self, proposer: &mut Proposer<'_>) -> Option<&Member> {
        let size = self.population.len();
        let lambda = proposer.rng.random_range(0.0..1.0) * self.knobs.thrift;
        let fitness =
            |member: &Member| member.accuracy - lambda * self.constraints.fullness(&member.cost);
        index::sample(
            &mut proposer.rng,
            size,
            self.knobs.tournament.clamp(1, size.max(1)).min(size),
        )
        .into_iter()
        .map(|i| &self.population[i])
        // Of equals the youngest: it is the least explored.
        .max_by(|a, b| fitness(a).total_cmp(&fitness(b)).then(a.id.cmp(&b.id)))
    }

    /// A mutation of a winner; if the predictor is trusted, the most promising of many.
    fn child(&self, proposer: &mut Proposer<'_>) -> Option<Proposal> {
        let trust = self.predictor.trust();
        if !proposer.rng.random_bool(trust) {
            let mutations = if self.probes(proposer) { LOOKED_AT } else { 1 };
            let litter = (0..mutations).filter_map(|_| {
                let parent = self.parent(proposer)?;
                proposer.mutate(parent.id, &parent.architecture)
            });
            let litter = litter.map(|proposal| (0.0, proposal)).collect();
            return self.compared(litter, 0.0, proposer);
        }
        let litter: Vec<Proposal> = (0..self.knobs.proposals.max(1))
            .filter_map(|_| self.leap(proposer))
            .collect();
        let promise = |proposal: &Proposal| {
            let guess = self
                .predictor
                .predict(&proposal.architecture, &proposal.cost);
            guess.map_or(0.0, |guess| {
                guess.mean + self.knobs.curiosity * guess.deviation
            })
        };
        let judged = litter
            .into_iter()
            .map(|proposal| (promise(&proposal), proposal));
        let mut judged: Vec<(f64, Proposal)> = judged.collect();
        // Of equals the last one first.
        judged.reverse();
        judged.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        judged.truncate(LOOKED_AT);
        self.compared(judged, trust, proposer)
    }

    /// Whether any proxy has a say.
    fn probes(&self, proposer: &Proposer<'_>) -> bool {
        proposer.probing.is_some() && self.rankings.weights().iter().any(|&weight| weight > 0.0)
    }

    /// The first of a litter, unless proxies prefer another one: the largest sum of ranks by promise, which
    /// weighs `trust`, and by each proxy.
    fn compared(
        &self,
        litter: Vec<(f64, Proposal)>,
        trust: f64,
        proposer: &Proposer<'_>,
    ) -> Option<Proposal> {
        let proxies: Option<Vec<Proxies>> = match proposer.probing {
            Some(probing) if self.probes(proposer) => {
                let looks = litter
                    .iter()
                    .map(|(_, proposal)| probing.proxies(&proposal.graph));
                looks.collect()
            }
            _ => None,
        };
        let Some(proxies) = proxies else {
            return litter.into_iter().next().map(|(_, proposal)| proposal);
        };
        let promises: Vec<f64> = litter.iter().map(|(promise, _)| *promise).collect();
        let mut sums: Vec<f64> = ranks(&promises).iter().map(|rank| trust * rank).collect();
        let weights = self.rankings.weights();
        for (proxy, weight) in weights.iter().enumerate() {
            let values: Vec<f64> = proxies.iter().map(|proxies| proxies[proxy]).collect();
            for (sum, rank) in sums.iter_mut().zip(ranks(&values)) {
                *sum += weight * rank / weights.len() as f64;
            }
        }
        let best = sums.into_iter().zip(litter).reduce(
            |best, other| {
                if other.0 > best.0 { other } else { best }
            },
        );
        best.map(|(_, (_, proposal))| proposal)
    }

    /// A winner with one change or more, if that is new and fits.
    fn leap(&self, proposer: &mut Proposer<'_>) -> Option<Proposal> {
        let parent = self.parent(proposer)?;
        let mut genes = proposer
            .space
            .mutate(&mut proposer.rng, &parent.architecture);
        while proposer.rng.random_bool(self.knobs.leap.clamp(0.0, 0.9)) {
            genes = proposer.space.mutate(&mut proposer.rng, &genes);
        }
        let mut proposal = proposer.admit(genes)?;
        proposal.parent = Some(parent.id);
        Some(proposal)
    }
}

impl Strategy for AgingEvolution {
    fn ask(&mut self, proposer: &mut Proposer<'_>) -> Option<Ask> {
        self.asked += 1;
        let proposal = if self.asked <= self.knobs.population {
            proposer.start(&mut self.starts)
        } else {
            // A neighbourhood can be exhausted before the space is.
            self.child(proposer).or_else(|| proposer.sample())
        };
        Some(Ask::New(Box::new(proposal?)))
    }

    fn tell(&mut self, told: &Told<'_>) {
        // A failed training leaves no mark: the network is never asked for again anyway.
        let Some(score) = told.score else {
            return;
        };
        let accuracy = f64::from(score.accuracy);
        if told.rung > 0 {
            // Promoted: a better measured score of a network that may still be alive.
            if let Some(member) = self
                .population
                .iter_mut()
                .find(|member| member.id == told.id)
            {
                member.accuracy = accuracy;
            }
            return;
        }
        self.predictor.learn(told.architecture, told.cost, accuracy);
        if let Some(proxies) = told.proxies {
            self.rankings.learn(proxies, accuracy);
        }
        self.population.push_back(Member {
            id: told.id,
            architecture: told.architecture.clone(),
            cost: *told.cost,
            accuracy,
        });
        while self.population.len() > self.knobs.population.max(1) {
            self.population.pop_front();
        }
    }
}
