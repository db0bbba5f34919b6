//! What a space offers, as plain lists, and the sampling and mutation that all spaces share.

use std::ops::RangeInclusive;

use ember_ir::Activation;
use rand::RngExt;
use rand::seq::IndexedRandom;

use super::architecture::{Architecture, Block, Border, Head, Window};
use crate::SearchRng;

/// The kinds of [`Block`], without their genes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// [`Block::Conv`].
    Conv,
    /// [`Block::Separable`].
    Separable,
    /// [`Block::Residual`].
    Residual,
    /// [`Block::InvertedResidual`].
    InvertedResidual,
    /// [`Block::MaxPool`].
    MaxPool,
    /// [`Block::AveragePool`].
    AveragePool,
    /// [`Block::Dense`].
    Dense,
}

/// The choices of a space. No list may be empty; lists of numbers ascend.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Menu {
    /// Poolings of the input.
    pub pools: Vec<usize>,
    /// Number of blocks.
    pub depth: RangeInclusive<usize>,
    /// Kinds the first block may have.
    pub stems: Vec<Kind>,
    /// Kinds of the other blocks; a kind listed twice is twice as likely.
    pub kinds: Vec<Kind>,
    /// Output channels, multiples of four.
    pub widths: Vec<usize>,
    /// Taps.
    pub kernels: Vec<usize>,
    /// Steps.
    pub strides: Vec<usize>,
    /// Distances between taps.
    pub dilations: Vec<usize>,
    /// Edges of pools.
    pub pool_sizes: Vec<usize>,
    /// Expansions of inverted residuals.
    pub expansions: Vec<usize>,
    /// Ends of the body.
    pub heads: Vec<Head>,
    /// Fully connected layers before the logits.
    pub hidden: Vec<Option<usize>>,
    /// Activations.
    pub activations: Vec<Activation>,
}

/// How many random changes are tried before a mutation gives up. Most change something with a probability
/// well above one half; a network without blocks has little that can change, one in ten.
const ATTEMPTS: usize = 500;

impl Menu {
    /// A random network. Widths start in the lower half of the list and tend to grow where the map
    /// shrinks, as in every network that works.
    pub fn sample(&self, rng: &mut SearchRng) -> Architecture {
        let depth = rng.random_range(self.depth.clone());
        let mut level = rng.random_range(0..self.widths.len().div_ceil(2));
        let mut blocks = Vec::with_capacity(depth);
        for i in 0..depth {
            let kinds = if i == 0 { &self.stems } else { &self.kinds };
            let block = self.block(pick(kinds, rng), level, rng);
            let shrinks = block.window().is_none_or(|window| window.stride > 1);
            if shrinks && rng.random_bool(0.6) {
                level = (level + 1).min(self.widths.len() - 1);
            }
            blocks.push(block);
        }
        Architecture {
            pool: pick(&self.pools, rng),
            blocks,
            head: pick(&self.heads, rng),
            hidden: pick(&self.hidden, rng),
            activation: pick(&self.activations, rng),
        }
    }

    /// A network one change away from `parent`.
    pub fn mutate(&self, rng: &mut SearchRng, parent: &Architecture) -> Architecture {
        for _ in 0..ATTEMPTS {
            let mut child = parent.clone();
            self.change(&mut child, rng);
            if child != *parent {
                return child;
            }
        }
        self.sample(rng)
    }

    fn change(&self, child: &mut Architecture, rng: &mut SearchRng) {
        let depth = child.blocks.len();
        // Genes of blocks are most of the genes: they get most of the changes.
        match rng.random_range(0..10) {
            0 if depth < *self.depth.end() => {
                let at = rng.random_range(0..=depth);
                let level = self.level_near(child, at);
                let kinds = if at == 0 { &self.stems } else { &self.kinds };
                child
                    .blocks
                    .insert(at, self.block(pick(kinds, rng), level, rng));
            }
            1 if depth > *self.depth.start() => {
                child.blocks.remove(rng.random_range(0..depth));
            }
            2 => match rng.random_range(0..4) {
                0 => child.pool = pick(&self.pools, rng),
                1 => child.head = pick(&self.heads, rng),
                2 => child.hidden = pick(&self.hidden, rng),
                _ => child.activation = pick(&self.activations, rng),
            },
            3 if depth > 1 => {
                let at = rng.random_range(1..depth);
                child.blocks.swap(at - 1, at);
            }
            4 if depth > 0 => {
                let at = rng.random_range(0..depth);
                let level = self.level_near(child, at);
                let kinds = if at == 0 { &self.stems } else { &self.kinds };
                child.blocks[at] = self.block(pick(kinds, rng), level, rng);
            }
            5.. if depth > 0 => {
                let at = rng.random_range(0..depth);
                self.change_block(&mut child.blocks[at], rng);
            }
            _ => {}
        }
    }

    fn change_block(&self, block: &mut Block, rng: &mut SearchRng) {
        match block {
            Block::MaxPool { size } | Block::AveragePool { size } => {
                *size = pick(&self.pool_sizes, rng);
            }
            Block::Dense { width } => *width = self.step(*width, rng),
            Block::Conv { width, window }
            | Block::Separable { width, window }
            | Block::Residual { width, window } => {
                if rng.random_bool(0.4) {
                    *width = self.step(*width, rng);
                } else {
                    self.change_window(window, rng);
                }
            }
            Block::InvertedResidual {
                expand,
                width,
                window,
            } => match rng.random_range(0..4) {
                0 => *expand = pick(&self.expansions, rng),
                1 => *width = self.step(*width, rng),
                _ => self.change_window(window, rng),
            },
        }
    }

    fn change_window(&self, window: &mut Window, rng: &mut SearchRng) {
        match rng.random_range(0..8) {
            0..3 => window.kernel = pick(&self.kernels, rng),
            3..6 => window.stride = pick(&self.strides, rng),
            6 => window.dilation = pick(&self.dilations, rng),
            _ => {
                window.padding = match window.padding {
                    Border::Same => Border::Valid,
                    Border::Valid => Border::Same,
                }
            }
        }
    }

    /// A block with random genes and a width near the given place of the list.
    fn block(&self, kind: Kind, level: usize, rng: &mut SearchRng) -> Block {
        let nudge = rng.random_range(0..3);
        let place = (level + nudge).saturating_sub(1).min(self.widths.len() - 1);
        let width = self.widths[place];
        match kind {
            Kind::Conv => Block::Conv {
                width,
                window: self.window(rng),
            },
            Kind::Separable => Block::Separable {
                width,
                window: self.window(rng),
            },
            Kind::Residual => Block::Residual {
                width,
                window: self.window(rng),
            },
            Kind::InvertedResidual => Block::InvertedResidual {
                expand: pick(&self.expansions, rng),
                width,
                window: self.window(rng),
            },
            Kind::MaxPool => Block::MaxPool {
                size: pick(&self.pool_sizes, rng),
            },
            Kind::AveragePool => Block::AveragePool {
                size: pick(&self.pool_sizes, rng),
            },
            Kind::Dense => Block::Dense { width },
        }
    }

    fn window(&self, rng: &mut SearchRng) -> Window {
        let dilated = rng.random_bool(0.2);
        Window {
            kernel: pick(&self.kernels, rng),
            stride: pick(&self.strides, rng),
            dilation: if dilated {
                pick(&self.dilations, rng)
            } else {
                self.dilations[0]
            },
            padding: if rng.random_bool(0.8) {
                Border::Same
            } else {
                Border::Valid
            },
        }
    }

    /// One or two steps up or down the list of widths.
    fn step(&self, width: usize, rng: &mut SearchRng) -> usize {
        let place = self.place(width);
        let far = rng.random_range(1..=2);
        let place = if rng.random_bool(0.5) {
            place + far
        } else {
            place.saturating_sub(far)
        };
        self.widths[place.min(self.widths.len() - 1)]
    }

    /// Place in the list of the width that a block at `at` should be near to.
    fn level_near(&self, architecture: &Architecture, at: usize) -> usize {
        let before = architecture.blocks[..at.min(architecture.blocks.len())]
            .iter()
            .rev();
        let after = architecture.blocks.iter().skip(at);
        before
            .chain(after)
            .find_map(Block::width)
            .map_or(self.widths.len() / 3, |width| self.place(width))
    }

    /// Place in the list of the smallest width that is not below `width`.
    fn place(&self, width: usize) -> usize {
        self.widths
            .partition_point(|&listed| listed < width)
            .min(self.widths.len() - 1)
    }
}

fn pick<T: Copy>(choices: &[T], rng: &mut SearchRng) -> T {
    match choices.choose(rng) {
        Some(choice) => *choice,
        None => panic!("BUG: a space with an empty list of choices"),
    }
}
