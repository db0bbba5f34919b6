//! Where strategies get networks from: only such as fit the limits and were not asked for before.

use std::collections::HashSet;

use ember_ir::Graph;
use rand::RngExt as _;

use crate::SearchRng;
use crate::constraint::{Constraints, Cost, Price, Violation};
use crate::evaluate::CandidateId;
use crate::probe::Probing;
use crate::repair::{Fitting, repair};
use crate::space::{Architecture, Space, crossover};

/// A new network that fits.
#[derive(Clone, PartialEq, Debug)]
pub struct Proposal {
    /// Its genes, after repair.
    pub architecture: Architecture,
    /// Its topology.
    pub graph: Graph,
    /// Its price.
    pub cost: Cost,
    /// The network it was mutated from.
    pub parent: Option<CandidateId>,
}

impl From<Fitting> for Proposal {
    fn from(fitting: Fitting) -> Self {
        Self {
            architecture: fitting.architecture,
            graph: fitting.graph,
            cost: fitting.cost,
            parent: None,
        }
    }
}

/// What a population has begun with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Starts {
    /// Networks asked for.
    asked: usize,
    /// Templates tried.
    templates: usize,
}

/// Draws, repairs, and filters networks for one question.
pub struct Proposer<'a> {
    /// Which networks there are.
    pub space: &'a dyn Space,
    /// What they cost.
    pub price: &'a dyn Price,
    /// What they may cost.
    pub constraints: &'a Constraints,
    /// Who looks at untrained networks, if somebody does.
    pub probing: Option<Probing<'a>>,
    /// The user's own networks, which were asked for first.
    pub seeds: &'a [(CandidateId, Architecture)],
    /// Graphs asked for before. Only membership is used, never order.
    pub seen: &'a HashSet<Graph>,
    /// The generator of this question.
    pub rng: SearchRng,
    /// Where the limits of the last network that could not be repaired are kept, for the message
    /// that says that nothing fits.
    pub misfit: &'a mut Vec<Violation>,
}

/// Scalings of a template's widths. Templates are of middling size: a larger one is a mutation away,
/// and trains for longer.
const SCALES: [(usize, usize); 5] = [(1, 1), (3, 4), (1, 2), (3, 8), (1, 4)];

/// Share of children that are crossed before they are mutated, as in NSGA-II.
const CROSSED: f64 = 0.9;

/// Fruitless draws after which a space counts as exhausted.
const DRAWS: usize = 256;

impl Proposer<'_> {
    /// A network to begin with: by turns a neighbour of a seed, as far as there are seeds, and the next template
    /// that is new, or a random network once all templates were tried.
    pub fn start(&mut self, starts: &mut Starts) -> Option<Proposal> {
        let turn = starts.asked;
        starts.asked += 1;
        if turn.is_multiple_of(2) && !self.seeds.is_empty() {
            let (id, seed) = &self.seeds[turn / 2 % self.seeds.len()];
            if let Some(proposal) = self.mutate(*id, seed) {
                return Some(proposal);
            }
        }
        for template in self.space.templates().iter().skip(starts.templates) {
            starts.templates += 1;
            if let Some(proposal) = self.scale(template) {
                return Some(proposal);
            }
        }
        self.sample()
    }

    /// A random new network that fits, or `None` when the space seems exhausted.
    pub fn sample(&mut self) -> Option<Proposal> {
        (0..DRAWS).find_map(|_| {
            let drawn = self.space.sample(&mut self.rng);
            self.admit(drawn)
        })
    }

    /// A new neighbour of `parent` that fits, or `None` when its neighbourhood seems exhausted.
    pub fn mutate(&mut self, id: CandidateId, parent: &Architecture) -> Option<Proposal> {
        (0..DRAWS / 8).find_map(|_| {
            let child = self.space.mutate(&mut self.rng, parent);
            let mut proposal = self.admit(child)?;
            proposal.parent = Some(id);
            Some(proposal)
        })
    }

    /// A new child of two networks that fits, or `None` when they seem to have no other.
    pub fn cross(
        &mut self,
        id: CandidateId,
        first: &Architecture,
        second: &Architecture,
    ) -> Option<Proposal> {
        (0..DRAWS / 8).find_map(|_| {
            let crossed = if self.rng.random_bool(CROSSED) {
                &crossover(&mut self.rng, first, second)
            } else {
                first
            };
            let child = self.space.mutate(&mut self.rng, crossed);
            let mut proposal = self.admit(child)?;
            proposal.parent = Some(id);
            Some(proposal)
        })
    }

    /// How far the network is over its tightest limit, as a share of that limit; zero or less if it fits.
    pub fn excess(&self, architecture: &Architecture) -> f64 {
        let cost = self.price.price(&self.space.build(architecture));
        self.constraints.fullness(&cost) - 1.0
    }

    /// The network repaired to fit, or `None` when it cannot be or is not new.
    pub fn admit(&mut self, architecture: Architecture) -> Option<Proposal> {
        match repair(self.space, self.price, self.constraints, architecture) {
            Ok(fitting) => self.unseen(fitting),
            Err(violations) => {
                *self.misfit = violations;
                None
            }
        }
    }

    /// The largest scaling of a template that fits as it is; the repaired template if none does.
    /// `None` when the result is not new.
    pub fn scale(&mut self, template: &Architecture) -> Option<Proposal> {
        for (numerator, denominator) in SCALES {
            let architecture = self.scaled(template, numerator, denominator);
            let graph = self.space.build(&architecture);
            let cost = self.price.price(&graph);
            if self.constraints.admit(&cost) {
                return self.unseen(Fitting {
                    architecture,
                    graph,
                    cost,
                });
            }
        }
        self.admit(self.scaled(template, 1, 4))
    }

    /// As far as the space allows it.
    fn scaled(
        &self,
        template: &Architecture,
        numerator: usize,
        denominator: usize,
    ) -> Architecture {
        let scaled = template.scaled(numerator, denominator);
        match self.space.allowed() {
            Some(allowed) => allowed.nearest(&scaled),
            None => scaled,
        }
    }

    fn unseen(&self, fitting: Fitting) -> Option<Proposal> {
        (!self.seen.contains(&fitting.graph)).then(|| Proposal::from(fitting))
    }
}
