//! How alike two networks are, from 0 to 1: by their genes, block by block, and by their numbers (price,
//! depth, widths). Both parts are positive definite: an inner product of indicators, normalised, and a
//! Gaussian.

use std::mem::discriminant;

use crate::constraint::Cost;
use crate::space::{Architecture, Block, Head};

pub(super) const FEATURES: usize = 14;

pub(super) type Features = [f64; FEATURES];

/// What the predictor knows of a network.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Network {
    architecture: Architecture,
    features: Features,
}

/// How fast likeness decays, and how much a result is to be doubted.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Scales {
    /// Decay with different genes.
    pub genes: f64,
    /// Decay with different numbers.
    pub numbers: f64,
    /// Variance of a result around what the networks like it have in common.
    pub noise: f64,
}

impl Scales {
    /// The scales that are tried.
    pub(super) fn choices() -> impl Iterator<Item = Self> {
        let genes = [1.0, 3.0, 8.0].into_iter();
        genes.flat_map(|genes| {
            let numbers = [0.0, 0.3, 1.5].into_iter();
            numbers.flat_map(move |numbers| {
                let noise = [0.01, 0.1, 0.5].into_iter();
                noise.map(move |noise| Self {
                    genes,
                    numbers,
                    noise,
                })
            })
        })
    }
}

impl Default for Scales {
    fn default() -> Self {
        Self {
            genes: 3.0,
            numbers: 0.3,
            noise: 0.1,
        }
    }
}

impl Network {
    pub(super) fn new(architecture: &Architecture, cost: &Cost) -> Self {
        Self {
            architecture: architecture.clone(),
            features: features(architecture, cost),
        }
    }
}

/// Differences of two networks, before they are scaled.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Difference {
    genes: f64,
    numbers: f64,
}

impl Difference {
    /// `deviation`: standard deviations of the features.
    pub(super) fn of(a: &Network, b: &Network, deviation: &Features) -> Self {
        let squares =
            (0..FEATURES).map(|i| ((a.features[i] - b.features[i]) / deviation[i]).powi(2));
        Self {
            genes: 1.0 - likeness(&a.architecture, &b.architecture),
            numbers: squares.sum::<f64>() / FEATURES as f64,
        }
    }

    /// The covariance of two networks with this difference.
    pub(super) fn covariance(self, scales: Scales) -> f64 {
        (-scales.genes * self.genes - scales.numbers * self.numbers).exp()
    }
}

/// Standard deviations of the features; 1 for one that never varied: it says nothing, any divisor will do.
pub(super) fn deviations(seen: &[Network]) -> Features {
    let n = seen.len() as f64;
    std::array::from_fn(|i| {
        let mean = seen.iter().map(|x| x.features[i]).sum::<f64>() / n;
        let squares = seen.iter().map(|x| (x.features[i] - mean).powi(2));
        let variance = squares.sum::<f64>() / n;
        if variance > 1e-12 {
            variance.sqrt()
        } else {
            1.0
        }
    })
}

/// The share of genes in which two networks agree. Blocks are compared by their place from the front and
/// from the back, so that an inserted block leaves what is around it alike; a block of the same kind is
/// half alike.
fn likeness(a: &Architecture, b: &Architecture) -> f64 {
    let alike = |(a, b): (&Block, &Block)| match (a == b, same_kind(a, b)) {
        (true, _) => 2.0,
        (false, true) => 1.0,
        (false, false) => 0.0,
    };
    let front: f64 = a.blocks.iter().zip(&b.blocks).map(alike).sum();
    let back = a.blocks.iter().rev().zip(b.blocks.iter().rev());
    let back: f64 = back.map(alike).sum();
    let whole = [
        a.pool == b.pool,
        a.head == b.head,
        a.hidden == b.hidden,
        a.activation == b.activation,
    ];
    let whole = whole.iter().filter(|&&same| same).count() as f64;
    let all = |network: &Architecture| 4.0 * (network.blocks.len() + 1) as f64;
    (front + back + whole) / (all(a) * all(b)).sqrt()
}

fn same_kind(a: &Block, b: &Block) -> bool {
    match (a, b) {
        (Block::Edge(a), Block::Edge(b)) => a == b,
        _ => discriminant(a) == discriminant(b),
    }
}

fn features(architecture: &Architecture, cost: &Cost) -> Features {
    let log = |x: f64| (1.0 + x).ln();
    let blocks = &architecture.blocks;
    let count = |kind: fn(&Block) -> bool| blocks.iter().filter(|block| kind(block)).count() as f64;
    let widths: Vec<usize> = blocks.iter().filter_map(Block::width).collect();
    let windows = || blocks.iter().filter_map(Block::window);
    let mean = |sum: usize, n: usize| sum as f64 / n.max(1) as f64;
    [
        log(cost.flash_bytes as f64),
        log(cost.arena_bytes as f64),
        log(cost.macs as f64),
        architecture.pool as f64,
        blocks.len() as f64,
        count(|block| matches!(block, Block::Conv { .. })),
        count(|block| {
            matches!(
                block,
                Block::Separable { .. } | Block::InvertedResidual { .. }
            )
        }),
        count(|block| matches!(block, Block::Residual { .. })),
        count(|block| matches!(block, Block::MaxPool { .. } | Block::AveragePool { .. })),
        log(widths.iter().max().copied().unwrap_or(0) as f64),
        mean(windows().map(|w| w.kernel).sum(), windows().count()),
        windows().map(|w| (w.stride.max(1) as f64).ln()).sum(),
        f64::from(u8::from(architecture.head == Head::GlobalDepthwise)),
        log(architecture.hidden.unwrap_or(0) as f64),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ember_ir::Activation;

    fn dense(widths: &[usize]) -> Architecture {
        let block = |&width: &usize| Block::Dense { width };
        Architecture {
            pool: 1,
            blocks: widths.iter().map(block).collect(),
            head: Head::Flatten,
            hidden: None,
            activation: Activation::Relu,
        }
    }

    #[test]
    fn likeness_is_one_for_equals_and_less_for_each_change() {
        let network = dense(&[8, 16, 32]);
        assert!((likeness(&network, &network) - 1.0).abs() < 1e-12);
        let changed = likeness(&network, &dense(&[8, 16, 64]));
        let twice = likeness(&network, &dense(&[8, 24, 64]));
        assert!(twice < changed && changed < 1.0);
        // An inserted block costs less than a body of other blocks.
        let inserted = likeness(&network, &dense(&[8, 12, 16, 32]));
        assert!(inserted > likeness(&network, &dense(&[9, 17, 33])));
        assert_eq!(inserted, likeness(&dense(&[8, 12, 16, 32]), &network));
    }
}
