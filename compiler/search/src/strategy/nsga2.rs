//! NSGA-II: evolution towards the whole front of accuracy and the quantities that are limited, not
//! towards one best network. A network's rank is the number of fronts that have to be taken away before no
//! other one dominates it; among equals those in sparse regions of their front are preferred. Parents win a
//! tournament of two, are crossed and mutated. Source: Deb et al. 2002 (IEEE TEC 6(2)); NSGA-Net
//! (arXiv 1810.03522) is its use for architectures.
//!
//! Steady state instead of generations (Durillo et al. 2009): every result joins the population and the
//! worst member leaves, so that no question waits for a generation to be complete.
//! Cost: O(m·n²) per result with n members and m objectives.

use std::cmp::Ordering;

use rand::RngExt as _;

use super::{Ask, Proposal, Proposer, Starts, Strategy, Told};
use crate::constraint::{Constraints, Cost};
use crate::evaluate::CandidateId;
use crate::space::Architecture;

/// Networks alive. Small, as a hundred evaluations ask for.
const POPULATION: usize = 20;

/// NSGA-II.
#[derive(Debug)]
pub struct Nsga2 {
    constraints: Constraints,
    population: Vec<Member>,
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
    /// Fronts before its own.
    rank: usize,
    /// Perimeter of the box between its neighbours on its front, in shares of the front's extent.
    crowding: f64,
}

impl Nsga2 {
    /// An empty population for networks within `constraints`.
    pub fn new(constraints: Constraints) -> Self {
        Self {
            constraints,
            population: Vec::new(),
            asked: 0,
            starts: Starts::default(),
        }
    }

    /// What to minimise: the loss of accuracy, then what is limited.
    fn objectives(&self, member: &Member) -> Vec<f64> {
        let Cost {
            flash_bytes,
            ram_bytes,
            instructions,
            macs,
            ..
        } = member.cost;
        let mut all = vec![-member.accuracy, flash_bytes as f64, ram_bytes as f64];
        all.extend(self.constraints.instructions.map(|_| instructions as f64));
        all.extend(self.constraints.macs.map(|_| macs as f64));
        all
    }

    /// Gives every member its rank and its crowding.
    fn rank(&mut self) {
        let objectives: Vec<Vec<f64>> =
            self.population.iter().map(|m| self.objectives(m)).collect();
        let mut rest: Vec<usize> = (0..objectives.len()).collect();
        let mut rank = 0;
        while !rest.is_empty() {
            let is_beaten = |&i: &usize| {
                rest.iter()
                    .any(|&j| dominates(&objectives[j], &objectives[i]))
            };
            let (beaten, front): (Vec<usize>, Vec<usize>) =
                rest.iter().copied().partition(is_beaten);
            for (&i, crowding) in front.iter().zip(crowding(&front, &objectives)) {
                self.population[i].rank = rank;
                self.population[i].crowding = crowding;
            }
            rest = beaten;
            rank += 1;
        }
    }

    /// The winner of a tournament of two.
    fn parent(&self, proposer: &mut Proposer<'_>) -> &Member {
        let any = |proposer: &mut Proposer<'_>| {
            &self.population[proposer.rng.random_range(0..self.population.len())]
        };
        let (one, other) = (any(proposer), any(proposer));
        if better(one, other).is_le() {
            one
        } else {
            other
        }
    }

    fn child(&self, proposer: &mut Proposer<'_>) -> Option<Proposal> {
        if self.population.is_empty() {
            return None;
        }
        let (first, second) = (self.parent(proposer), self.parent(proposer));
        proposer.cross(first.id, &first.architecture, &second.architecture)
    }
}

impl Strategy for Nsga2 {
    fn ask(&mut self, proposer: &mut Proposer<'_>) -> Option<Ask> {
        self.asked += 1;
        let proposal = if self.asked <= POPULATION {
            proposer.start(&mut self.starts)
        } else {
            self.child(proposer).or_else(|| proposer.sample())
        };
        Some(Ask::New(Box::new(proposal?)))
    }

    fn tell(&mut self, told: &Told<'_>) {
        let Some(score) = told.score else {
            return;
        };
        let accuracy = f64::from(score.accuracy);
        if let Some(member) = self.population.iter_mut().find(|m| m.id == told.id) {
            member.accuracy = accuracy;
        } else if told.rung == 0 {
            self.population.push(Member {
                id: told.id,
                architecture: told.architecture.clone(),
                cost: *told.cost,
                accuracy,
                rank: 0,
                crowding: 0.0,
            });
        }
        self.rank();
        if self.population.len() > POPULATION {
            self.population.sort_by(better);
            self.population.pop();
        }
    }
}

/// The crowded comparison: rank, then space around; of equals the youngest.
fn better(a: &Member, b: &Member) -> Ordering {
    a.rank
        .cmp(&b.rank)
        .then(b.crowding.total_cmp(&a.crowding))
        .then(b.id.cmp(&a.id))
}

/// Whether `a` is nowhere worse than `b` and somewhere better.
fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a != b
}

/// The crowding distances of a front's members; its ends are infinitely far from the next.
fn crowding(front: &[usize], objectives: &[Vec<f64>]) -> Vec<f64> {
    let mut distances = vec![0.0; front.len()];
    let axes = objectives.first().map_or(0, Vec::len);
    let along = |axis| front.iter().map(move |&i| objectives[i][axis]);
    for values in (0..axes).map(|axis| along(axis).collect::<Vec<f64>>()) {
        let mut order: Vec<usize> = (0..front.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let (Some(&lowest), Some(&highest)) = (order.first(), order.last()) else {
            continue;
        };
        let extent = values[highest] - values[lowest];
        if extent <= 0.0 {
            continue;
        }
        distances[lowest] = f64::INFINITY;
        distances[highest] = f64::INFINITY;
        for three in order.windows(3) {
            distances[three[1]] += (values[three[2]] - values[three[0]]) / extent;
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_front_and_its_sparse_regions_are_preferred() {
        let points = [[0.0, 10.0], [1.0, 8.0], [2.0, 7.0], [9.0, 1.0], [10.0, 0.0]];
        let objectives = points.map(|point| point.to_vec());
        let distances = crowding(&[0, 1, 2, 3, 4], &objectives);
        assert!(distances[0].is_infinite() && distances[4].is_infinite());
        assert!((distances[1] - (0.2 + 0.3)).abs() < 1e-12);
        assert!((distances[2] - (0.8 + 0.7)).abs() < 1e-12);
        assert!(distances[2] > distances[1] && distances[3] > distances[1]);
        // An objective in which all are equal says nothing.
        assert_eq!(crowding(&[0, 1], &[vec![1.0], vec![1.0]]), [0.0, 0.0]);
    }

    #[test]
    fn nothing_dominates_its_equal() {
        assert!(dominates(&[1.0, 2.0], &[1.0, 3.0]));
        assert!(!dominates(&[1.0, 2.0], &[1.0, 2.0]));
        assert!(!dominates(&[0.0, 4.0], &[1.0, 3.0]));
    }
}
