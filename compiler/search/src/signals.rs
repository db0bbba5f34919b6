//! How well cheap signals foretold the final score in this search: scores of shorter trainings, size and
//! work, zero-cost proxies. Networks below full training have no final score and do not count.

use std::collections::BTreeMap;

use crate::evaluate::{Candidate, CandidateId, Score};
use crate::probe::{ENOUGH, Ranking, Rankings};
use crate::rank::spearman;
use crate::search::Scored;
use crate::settings::Settings;

/// What was known of networks before their final score.
#[derive(Default)]
pub(crate) struct Signals {
    /// int8 accuracy by rung.
    rungs: BTreeMap<(CandidateId, usize), f64>,
    /// Weights and biases.
    parameters: BTreeMap<CandidateId, f64>,
}

impl Signals {
    /// Learns a score.
    pub fn learn(&mut self, candidate: &Candidate, score: Score) {
        let (id, accuracy) = (candidate.id, f64::from(score.accuracy));
        self.rungs.insert((id, candidate.rung), accuracy);
        self.parameters
            .insert(id, candidate.graph.parameters() as f64);
    }

    /// Spearman's correlation of each signal with the scores of the networks on the highest rung, beside
    /// that of the proxies; of signals that are known of too few networks, none.
    pub fn rank(
        &self,
        judged: &[&Scored],
        settings: &Settings,
        proxies: &Rankings,
    ) -> Vec<Ranking> {
        let rungs = settings.rungs.len();
        let highest = judged.iter().map(|scored| scored.rung).max().unwrap_or(0);
        let of = |signal: String, value: &dyn Fn(&Scored) -> Option<f64>| {
            let pairs = judged
                .iter()
                .filter_map(|scored| Some((value(scored)?, f64::from(scored.score.accuracy))));
            let pairs: Vec<(f64, f64)> = pairs.collect();
            (pairs.len() >= ENOUGH).then(|| Ranking {
                signal,
                spearman: spearman(&pairs),
                networks: pairs.len(),
            })
        };
        let mut ranked: Vec<Option<Ranking>> = (0..highest)
            .map(|rung| {
                let copy = if settings.proxy_network && rung == 0 {
                    ", proxy network"
                } else {
                    ""
                };
                of(format!("rung {} of {rungs}{copy}", rung + 1), &|scored| {
                    self.rungs.get(&(scored.id, rung)).copied()
                })
            })
            .collect();
        ranked.push(of("parameters".into(), &|scored| {
            self.parameters.get(&scored.id).copied()
        }));
        ranked.push(of("macs".into(), &|scored| Some(scored.cost.macs as f64)));
        ranked.push(of("flash".into(), &|scored| {
            Some(scored.cost.flash_bytes as f64)
        }));
        let mut ranked: Vec<Ranking> = ranked.into_iter().flatten().collect();
        for ranking in proxies.all() {
            if ranked.iter().all(|known| known.signal != ranking.signal) {
                ranked.push(ranking);
            }
        }
        ranked
    }
}
