//! Which network is the result, and why: the most accurate one within the limits; among those that
//! validation cannot tell from it, the smallest.

use std::cmp::Ordering;

use crate::constraint::Constraints;
use crate::evaluate::CandidateId;
use crate::search::Scored;

/// The result of a search.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice {
    /// The network.
    pub id: CandidateId,
    /// The reason, for people.
    pub why: String,
}

/// Chooses among the networks with the largest budget spent on them. `tie` is the difference in
/// accuracy that counts as none. `None` if there is no network.
pub fn choose(scored: &[Scored], constraints: &Constraints, tie: f32) -> Option<Choice> {
    let ranked = rank(scored, constraints, tie);
    let chosen = *ranked.first()?;
    let bounds = Bounds::of(&ranked, tie)?;
    let best = *ranked.iter().max_by(|a, b| by_accuracy(a, b))?;
    let why = match best.score.uncertainty {
        None => explain(chosen, best, ranked.len(), tie),
        Some(_) => {
            let as_good = ranked.iter().filter(|s| bounds.hold(s)).count();
            explain_bounds(chosen, &bounds, as_good, ranked.len())
        }
    };
    Some(Choice { id: chosen.id, why })
}

/// The lower first.
fn by_accuracy(a: &Scored, b: &Scored) -> Ordering {
    a.score.accuracy.total_cmp(&b.score.accuracy)
}

/// The lower first.
fn by_loss(a: &Scored, b: &Scored) -> Ordering {
    a.score.loss.total_cmp(&b.score.loss)
}

/// The networks to choose from: the smallest of those that are as good as the best, then the others of them by
/// loss, so that whoever trains the first few again compares the smallest with the best; then the rest by
/// accuracy. What is alike in this goes by size.
///
/// As good as the best is an accuracy within `tie`, or within its standard error, of the highest, and then a loss
/// within its standard error of the lowest among them: the one-standard-error rule of Breiman et al.,
/// Classification and Regression Trees, 1984. Where all networks answer nearly all of a small validation set, the
/// loss is what still tells them apart.
pub fn rank<'a>(scored: &'a [Scored], constraints: &Constraints, tie: f32) -> Vec<&'a Scored> {
    let mut ranked: Vec<&Scored> = judged(scored).collect();
    let bounds = Bounds::of(&ranked, tie);
    let tied = |s: &Scored| bounds.as_ref().is_some_and(|bounds| bounds.hold(s));
    let by_size = |a: &Scored, b: &Scored| {
        let size = |s: &Scored| size(s, constraints);
        size(a).total_cmp(&size(b))
    };
    ranked.sort_by(|a, b| {
        let by_tie = tied(b).cmp(&tied(a));
        let by_score = if tied(a) && tied(b) {
            by_loss(a, b).then(by_accuracy(b, a))
        } else {
            by_accuracy(b, a).then(by_loss(a, b))
        };
        by_tie
            .then(by_score)
            .then(by_size(a, b))
            .then(a.id.cmp(&b.id))
    });
    // The first of equals is the better one.
    let alike = ranked.iter().take_while(|s| tied(s)).enumerate();
    if let Some((smallest, _)) = alike.min_by(|(_, a), (_, b)| by_size(a, b)) {
        ranked[..=smallest].rotate_right(1);
    }
    ranked
}

/// What a network has to reach to be as good as the best.
struct Bounds {
    accuracy: f32,
    loss: f32,
}

impl Bounds {
    fn of(judged: &[&Scored], tie: f32) -> Option<Self> {
        let best = judged.iter().max_by(|a, b| by_accuracy(a, b))?;
        let accuracy = best.score.accuracy - within(best, tie);
        let alike = judged.iter().filter(|s| s.score.accuracy >= accuracy);
        let lowest = alike.min_by(|a, b| by_loss(a, b))?;
        let loss = match lowest.score.uncertainty {
            None => f32::INFINITY,
            Some(uncertainty) => lowest.score.loss + uncertainty.loss,
        };
        Some(Self { accuracy, loss })
    }

    fn hold(&self, scored: &Scored) -> bool {
        scored.score.accuracy >= self.accuracy && scored.score.loss <= self.loss
    }
}

/// The difference to the best accuracy that counts as none.
fn within(best: &Scored, tie: f32) -> f32 {
    let error = best.score.uncertainty.map_or(0.0, |known| known.accuracy);
    tie.max(error)
}

/// The networks on the highest rung that any reached: scores of different budgets do not compare.
pub fn judged(scored: &[Scored]) -> impl Iterator<Item = &Scored> {
    let highest = scored.iter().map(|s| s.rung).max().unwrap_or(0);
    scored.iter().filter(move |s| s.rung == highest)
}

/// Shares of flash and RAM used, summed.
fn size(scored: &Scored, constraints: &Constraints) -> f64 {
    scored.cost.flash_bytes as f64 / constraints.flash_bytes.max(1) as f64
        + scored.cost.ram_bytes as f64 / constraints.ram_bytes.max(1) as f64
}

fn explain(chosen: &Scored, best: &Scored, among: usize, tie: f32) -> String {
    let metric = best.score.metric.name();
    let percent = |accuracy: f32| 100.0 * accuracy;
    let networks = if among == 1 {
        "the only network"
    } else {
        "networks"
    };
    let among = if among == 1 {
        networks.into()
    } else {
        format!("{among} {networks}")
    };
    if chosen.id == best.id || chosen.score.accuracy >= best.score.accuracy {
        return format!(
            "the best int8 validation {metric} ({:.2} %) of {among} within the limits; no smaller \
             one comes within {:.2} points",
            percent(chosen.score.accuracy),
            percent(tie),
        );
    }
    format!(
        "{:.2} % int8 validation {metric}, not distinguishable (within {:.2} points) from the best \
         of {among} within the limits ({:.2} %), but with less of flash and RAM, as shares of the limits: {} \
         against {} bytes, {} against {} bytes",
        percent(chosen.score.accuracy),
        percent(tie),
        percent(best.score.accuracy),
        chosen.cost.flash_bytes,
        best.cost.flash_bytes,
        chosen.cost.ram_bytes,
        best.cost.ram_bytes,
    )
}

fn explain_bounds(chosen: &Scored, bounds: &Bounds, as_good: usize, among: usize) -> String {
    let which = match as_good {
        1 => "only one",
        _ => "smallest",
    };
    format!(
        "{:.2} % int8 validation {} with a loss of {:.4}: of {among} within the limits the {which} as good as the \
         best to a standard error (at least {:.2} %, a loss of at most {:.4})",
        100.0 * chosen.score.accuracy,
        chosen.score.metric.name(),
        chosen.score.loss,
        100.0 * bounds.accuracy,
        bounds.loss,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use super::*;
    use crate::constraint::Cost;
    use crate::evaluate::{Score, Uncertainty};
    use crate::metric::Metric;
    use crate::space::{Architecture, Head};
    use ember_ir::Activation;

    const LIMITS: Constraints = Constraints {
        flash_bytes: 1000,
        ram_bytes: 1000,
        instructions: None,
        macs: None,
    };

    fn network(id: u64, accuracy: f32, flash_bytes: usize, rung: usize) -> Scored {
        Scored {
            id: CandidateId(id),
            architecture: Architecture {
                pool: 1,
                blocks: Vec::new(),
                head: Head::Flatten,
                hidden: None,
                activation: Activation::Relu,
            },
            cost: Cost {
                flash_bytes,
                ram_bytes: 100,
                arena_bytes: 50,
                instructions: 1,
                macs: 1,
            },
            score: Score {
                accuracy,
                float_accuracy: accuracy,
                loss: 1.0 - accuracy,
                metric: Metric::Accuracy,
                uncertainty: None,
            },
            rung,
            parent: None,
            seed: 0,
        }
    }

    #[test]
    fn of_what_validation_cannot_tell_apart_the_smallest_is_chosen() {
        let all = [
            network(0, 0.900, 500, 0),
            network(1, 0.899, 300, 0),
            network(2, 0.890, 100, 0),
            network(3, 0.850, 50, 0),
        ];
        let order = |tie| {
            let ranked = rank(&all, &LIMITS, tie);
            ranked
                .iter()
                .map(|scored| scored.id.0)
                .collect::<Vec<u64>>()
        };
        assert_eq!(order(0.0), [0, 1, 2, 3]);
        assert_eq!(order(0.002), [1, 0, 2, 3]);
        assert_eq!(order(0.02), [2, 0, 1, 3]);
        let choice = choose(&all, &LIMITS, 0.002).unwrap();
        assert_eq!(
            choice.why,
            "89.90 % int8 validation accuracy, not distinguishable (within 0.20 points) from the \
             best of 4 networks within the limits (90.00 %), but with less of flash and RAM, as shares of the \
             limits: 300 against 500 bytes, 100 against 100 bytes"
        );
        let judged = all.map(|mut network| {
            network.score.metric = Metric::Auc;
            network
        });
        assert_eq!(
            choose(&judged, &LIMITS, 0.0).unwrap().why,
            "the best int8 validation AUC (90.00 %) of 4 networks within the limits; no \
             smaller one comes within 0.00 points"
        );
    }

    #[test]
    fn the_loss_tells_apart_what_a_small_validation_set_cannot() {
        let of = |id, accuracy, loss, flash_bytes| {
            let mut network = network(id, accuracy, flash_bytes, 0);
            network.score.loss = loss;
            network.score.uncertainty = Some(Uncertainty {
                accuracy: 0.005,
                loss: 0.01,
            });
            network
        };
        let all = [
            of(0, 1.000, 0.050, 500),
            of(1, 1.000, 0.070, 100),
            of(2, 0.996, 0.045, 400),
            of(3, 0.994, 0.010, 200),
        ];
        let ranked = rank(&all, &LIMITS, 0.001);
        let ids: Vec<u64> = ranked.iter().map(|scored| scored.id.0).collect();
        assert_eq!(ids, [2, 0, 1, 3]);
        let why = choose(&all, &LIMITS, 0.001).unwrap().why;
        assert_eq!(
            why,
            "99.60 % int8 validation accuracy with a loss of 0.0450: of 4 within the limits the smallest as good as \
             the best to a standard error (at least 99.50 %, a loss of at most 0.0550)"
        );
    }

    #[test]
    fn of_equal_sizes_the_more_accurate_is_chosen() {
        let all = [network(0, 0.899, 300, 0), network(1, 0.900, 300, 0)];
        assert_eq!(choose(&all, &LIMITS, 0.01).unwrap().id, CandidateId(1));
    }

    #[test]
    fn a_short_training_does_not_compete_with_a_full_one() {
        let all = [network(0, 0.95, 10, 0), network(1, 0.90, 10, 1)];
        assert_eq!(choose(&all, &LIMITS, 0.1).unwrap().id, CandidateId(1));
        assert_eq!(choose(&[], &LIMITS, 0.1), None);
    }
}
