//! Strategies: who decides which network is trained next. Each is asked for one candidate at a time
//! and told every result in the order of the questions, so that it needs to know neither threads nor
//! time. One file per strategy; [`new`] is the list that registers them.
//!
//! Reading order: this trait, [`proposer`] (where feasible networks come from), [`random`],
//! `predictor`, [`aging_evolution`], [`nsga2`], [`reinforce`]; `relaxed` (what follows a gradient), `darts`,
//! `gdas`, `dnas`; [`rungs`] (successive halving around any of them).

pub mod aging_evolution;
mod darts;
mod dnas;
mod gdas;
pub mod nsga2;
mod predictor;
pub mod proposer;
pub mod random;
pub mod reinforce;
mod relaxed;
pub mod rungs;

pub use aging_evolution::{AgingEvolution, Evolution};
pub use nsga2::Nsga2;
pub use proposer::{Proposal, Proposer, Starts};
pub use random::Random;
pub use reinforce::Reinforce;
pub use rungs::Rungs;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::constraint::{Constraints, Cost};
use crate::evaluate::{CandidateId, EvaluateError, Score};
use crate::probe::Proxies;
use crate::settings::Settings;
use crate::space::Architecture;
use crate::supernet::{Gates, Order, Relax};
use darts::Darts;
use dnas::Dnas;
use gdas::Gdas;
use relaxed::Relaxed;

/// What is to be evaluated next.
#[derive(Clone, PartialEq, Debug)]
pub enum Ask {
    /// A new network, on the first rung.
    New(Box<Proposal>),
    /// A known network, on the rung after its last one.
    Promote(CandidateId),
}

/// What became of an evaluation.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Told<'a> {
    /// Which network.
    pub id: CandidateId,
    /// On which rung, from 0.
    pub rung: usize,
    /// Its genes.
    pub architecture: &'a Architecture,
    /// Its price.
    pub cost: &'a Cost,
    /// What it was before it was trained, if somebody looked.
    pub proxies: Option<Proxies>,
    /// Its score, or `None` when its training failed.
    pub score: Option<Score>,
}

/// Chooses networks. Everything random comes from the proposer's generator, which depends on the
/// seed and the question's number only.
pub trait Strategy {
    /// Trains a supernet, if it needs one, before the first question, and returns what it has learned from it:
    /// all that is to be kept for a resumed search. What it learned it may not use before [`Self::resume`].
    fn prepare(
        &mut self,
        _: &mut Proposer<'_>,
        _: &dyn Relax,
    ) -> Result<Option<Gates>, EvaluateError> {
        Ok(None)
    }

    /// Goes on from what [`Self::prepare`] returned, now or in an earlier session.
    fn resume(&mut self, _: &mut Proposer<'_>, _: Gates) {}

    /// The next evaluation, or `None` when there is nothing left to ask for.
    fn ask(&mut self, proposer: &mut Proposer<'_>) -> Option<Ask>;

    /// Learns a result. Results come in the order of the questions, some questions later.
    fn tell(&mut self, told: &Told<'_>);
}

/// The strategies by name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyKind {
    /// Independent random networks that fit.
    Random,
    /// Aging evolution from scaled templates and random networks.
    #[default]
    AgingEvolution,
    /// Evolution towards the whole front of accuracy and what is limited.
    Nsga2,
    /// A controller trained by policy gradient.
    Reinforce,
    /// The gradient of a mixture of all networks.
    Darts,
    /// The same with a quarter of the channels.
    PcDarts,
    /// The gradient of networks drawn from the mixture.
    Gdas,
    /// The gradient of soft draws, with prices.
    Dnas,
}

impl StrategyKind {
    /// Whether it follows the gradient of a mixture of networks, so that a part of the space is held fixed.
    pub fn follows_a_gradient(self) -> bool {
        match self {
            StrategyKind::Darts
            | StrategyKind::PcDarts
            | StrategyKind::Gdas
            | StrategyKind::Dnas => true,
            StrategyKind::Random
            | StrategyKind::AgingEvolution
            | StrategyKind::Nsga2
            | StrategyKind::Reinforce => false,
        }
    }

    /// All of them.
    pub const ALL: [StrategyKind; 8] = [
        StrategyKind::AgingEvolution,
        StrategyKind::Nsga2,
        StrategyKind::Reinforce,
        StrategyKind::Darts,
        StrategyKind::PcDarts,
        StrategyKind::Gdas,
        StrategyKind::Dnas,
        StrategyKind::Random,
    ];

    /// Whether it trains a supernet where it can.
    pub fn prepares(self) -> bool {
        match self {
            StrategyKind::Random
            | StrategyKind::AgingEvolution
            | StrategyKind::Nsga2
            | StrategyKind::Reinforce => false,
            StrategyKind::Darts
            | StrategyKind::PcDarts
            | StrategyKind::Gdas
            | StrategyKind::Dnas => true,
        }
    }

    /// The name that configurations use.
    pub fn name(self) -> &'static str {
        match self {
            StrategyKind::Random => "random",
            StrategyKind::AgingEvolution => "aging-evolution",
            StrategyKind::Nsga2 => "nsga2",
            StrategyKind::Reinforce => "reinforce",
            StrategyKind::Darts => "darts",
            StrategyKind::PcDarts => "pc-darts",
            StrategyKind::Gdas => "gdas",
            StrategyKind::Dnas => "dnas",
        }
    }
}

impl fmt::Display for StrategyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A fresh strategy for a search within `constraints`.
pub fn new(settings: &Settings, constraints: Constraints) -> Box<dyn Strategy> {
    let order = if settings.second_order {
        Order::Second
    } else {
        Order::First
    };
    match settings.strategy {
        StrategyKind::Random => Box::new(Random),
        StrategyKind::AgingEvolution => {
            Box::new(AgingEvolution::new(settings.evolution, constraints))
        }
        StrategyKind::Nsga2 => Box::new(Nsga2::new(constraints)),
        StrategyKind::Reinforce => Box::new(Reinforce::default()),
        StrategyKind::Darts => Box::new(Relaxed::new(Darts::new(order))),
        StrategyKind::PcDarts => Box::new(Relaxed::new(Darts::partial(order))),
        StrategyKind::Gdas => Box::new(Relaxed::new(Gdas)),
        StrategyKind::Dnas => Box::new(Relaxed::new(Dnas::default())),
    }
}
