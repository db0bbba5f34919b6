//! DNAS for microcontrollers: soft gates drawn by Gumbel noise, and a loss that grows with what the network
//! takes beyond its limits of RAM, flash, instructions and multiply-accumulates. Sources: FBNet (arXiv
//! 1812.03443) for the draws, MicroNets (arXiv 2010.11267) for the resources of a microcontroller, DUCCIO (arXiv
//! 2206.00302) for the hinge and its strength.
//!
//! What a mixture takes is not a sum over its layers: RAM is the peak of a plan, code is there once per kernel.
//! So the real planner and cost model are asked: for the most likely network m, which is the one that comes out,
//! and for each network that differs from it in one option. Burden: Σ s·C(m)/limit, with the slope
//! s·(C(m with that option) − C(m))/limit for a gate. DUCCIO ramps the strength s up; here s rises with every step
//! in which m exceeds the limit and falls slowly while there is room, never below zero (a Lagrange multiplier), so
//! that m ends close below its limits whatever the scale of the loss.
//!
//! Cost: a price per option when m has changed, at most once in [`REFRESH`] steps.

use super::relaxed::{Method, Mixture, Sampling};
use crate::constraint::{Constraints, Cost};
use crate::supernet::Gates;

/// Temperature at the beginning and at the end.
const TEMPERATURE: [f64; 2] = [5.0, 0.3];
/// Steps that prices last at least.
const REFRESH: usize = 5;
/// How fast a strength follows the excess, in first losses per share of the limit and step.
const PRESSURE: f64 = 0.05;
/// How fast it follows the room, as a part of that.
const RELIEF: f64 = 0.1;
/// A limit taken so many times over is as bad as any more.
const LARGEST: f64 = 4.0;

/// Flash, RAM, instructions, multiply-accumulates.
const RESOURCES: usize = 4;

/// How full limits are; zero where there is none.
type Shares = [f64; RESOURCES];

/// DNAS with the prices of the planner and the cost model.
#[derive(Debug, Default)]
pub(super) struct Dnas {
    prices: Option<Prices>,
    /// Steps since prices were asked.
    age: usize,
    /// The first loss: the scale of strengths.
    scale: Option<f64>,
    /// Of each resource.
    strength: Shares,
}

/// Prices around a network.
#[derive(Debug)]
struct Prices {
    network: Vec<usize>,
    own: Shares,
    /// By gene and option, with that option instead: how much more, or less.
    more: Vec<Vec<Shares>>,
}

impl Prices {
    fn ask(mixture: &Mixture<'_>) -> Self {
        let shares = |chosen: &[usize]| {
            let network = mixture.relaxation.decode(chosen);
            let graph = mixture.proposer.space.build(&network);
            let cost = mixture.proposer.price.price(&graph);
            shares(mixture.proposer.constraints, &cost)
        };
        let network = mixture.likeliest.clone();
        let own = shares(&network);
        let genes = mixture.relaxation.options().iter().enumerate();
        let more = genes.map(|(gene, &options)| {
            let with = |option| {
                let mut other = network.clone();
                other[gene] = option;
                let shares = shares(&other);
                std::array::from_fn(|i| shares[i] - own[i])
            };
            (0..options).map(with).collect()
        });
        Self {
            own,
            more: more.collect(),
            network,
        }
    }
}

impl Method for Dnas {
    fn sampling(&self, progress: f64) -> Sampling {
        let [hot, cold] = TEMPERATURE;
        Sampling {
            noisy: true,
            hard: false,
            temperature: hot + (cold - hot) * progress,
        }
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    fn burden(&mut self, mixture: &Mixture<'_>) -> Option<Gates> {
        self.age += 1;
        let is_stale = |prices: &Prices| prices.network != mixture.likeliest;
        if self.prices.is_none()
            || (self.age >= REFRESH && self.prices.as_ref().is_some_and(is_stale))
        {
            self.prices = Some(Prices::ask(mixture));
            self.age = 0;
        }
        let prices = self.prices.as_ref()?;
        let scale = *self.scale.get_or_insert(mixture.loss);
        for (strength, share) in self.strength.iter_mut().zip(prices.own) {
            let excess = share - 1.0;
            let speed = if excess > 0.0 { 1.0 } else { RELIEF };
            *strength = (*strength + speed * PRESSURE * scale * excess).max(0.0);
        }
        let slope = |more: &Shares| more.iter().zip(self.strength).map(|(x, s)| s * x).sum();
        let genes = prices.more.iter();
        Some(Gates(
            genes.map(|more| more.iter().map(slope).collect()).collect(),
        ))
    }
}

fn shares(constraints: &Constraints, cost: &Cost) -> Shares {
    let share = |actual: f64, limit: Option<f64>| {
        limit.map_or(0.0, |limit| (actual / limit.max(1.0)).min(LARGEST))
    };
    [
        share(
            cost.flash_bytes as f64,
            Some(constraints.flash_bytes as f64),
        ),
        share(cost.ram_bytes as f64, Some(constraints.ram_bytes as f64)),
        share(
            cost.instructions as f64,
            constraints.instructions.map(|limit| limit as f64),
        ),
        share(cost.macs as f64, constraints.macs.map(|limit| limit as f64)),
    ]
}
